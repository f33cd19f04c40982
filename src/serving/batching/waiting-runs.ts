import type { Priority } from '../caller.js';
import type { QueuedRun } from './queued-run.js';

const PRIORITIES: readonly Priority[] = ['interactive', 'background'];

/** Places of runs that have left, beside as many as there are runs that wait. */
const SPARE_PLACES = 512;

interface Amount {
  runs: number;
  rows: number;
}

/**
 * Runs that wait, in the order in which they came, those that somebody watches before the others. They are kept in arrays:
 * the tables of a `Set` that is always entered and left keep what has left from the garbage collector.
 */
export class WaitingRuns {
  private readonly runs: Record<Priority, QueuedRun[]> = { interactive: [], background: [] };
  private readonly amounts: Record<Priority, Amount> = {
    interactive: { runs: 0, rows: 0 },
    background: { runs: 0, rows: 0 },
  };

  get size(): number {
    return this.amounts.interactive.runs + this.amounts.background.runs;
  }

  add(run: QueuedRun): void {
    run.isWaiting = true;
    this.runs[run.priority].push(run);
    this.count(run, 1);
  }

  delete(run: QueuedRun): void {
    if (!run.isWaiting) return;
    run.isWaiting = false;
    this.count(run, -1);
    // Its place stays for a while: most leave by being taken, many at a time.
    if (this.runs[run.priority].length > 2 * this.amounts[run.priority].runs + SPARE_PLACES) this.tidy(run.priority);
  }

  /** What a run of this priority would have to wait for. */
  ahead(priority: Priority): Amount {
    const { interactive, background } = this.amounts;
    if (priority === 'interactive') return interactive;
    return { runs: interactive.runs + background.runs, rows: interactive.rows + background.rows };
  }

  /** The one whose turn it is. */
  oldest(): QueuedRun | undefined {
    for (const run of this.all()) return run;
    return undefined;
  }

  /** In the order of their turns. */
  *all(): Generator<QueuedRun> {
    for (const priority of PRIORITIES) for (const run of this.runs[priority]) if (run.isWaiting) yield run;
  }

  /** How many rows wait that may run together as this group. */
  rowsIn(group: string): number {
    let rows = 0;
    for (const run of this.all()) if (run.submission.group === group) rows += run.submission.rows;
    return rows;
  }

  /** Takes out `first`, and with it others of its group while the whole has no more than `maxRows` rows. */
  take(first: QueuedRun, maxRows: number): QueuedRun[] {
    const taken = [first];
    let room = maxRows - first.submission.rows;
    this.delete(first);
    for (const run of this.all()) {
      if (room <= 0) break;
      if (run.submission.rows > room || run.submission.group !== first.submission.group) continue;
      taken.push(run);
      this.delete(run);
      room -= run.submission.rows;
    }
    PRIORITIES.forEach((priority) => this.tidy(priority));
    return taken;
  }

  private tidy(priority: Priority): void {
    this.runs[priority] = this.runs[priority].filter((run) => run.isWaiting);
  }

  private count({ priority, submission }: QueuedRun, by: 1 | -1): void {
    const amount = this.amounts[priority];
    amount.runs += by;
    amount.rows += by * submission.rows;
  }
}
