import type { Priority, QueuedRun } from './queued-run.js';

const PRIORITIES: readonly Priority[] = ['interactive', 'background'];

interface Amount {
  runs: number;
  rows: number;
}

/** Runs that wait, in the order in which they came, those that somebody watches before the others. */
export class WaitingRuns {
  private readonly runs: Record<Priority, Set<QueuedRun>> = { interactive: new Set(), background: new Set() };
  private readonly rows: Record<Priority, number> = { interactive: 0, background: 0 };

  get size(): number {
    return this.runs.interactive.size + this.runs.background.size;
  }

  add(run: QueuedRun): void {
    this.runs[run.priority].add(run);
    this.rows[run.priority] += run.submission.rows;
  }

  delete(run: QueuedRun): void {
    if (this.runs[run.priority].delete(run)) this.rows[run.priority] -= run.submission.rows;
  }

  /** What a run of this priority would have to wait for. */
  ahead(priority: Priority): Amount {
    const { runs, rows } = this;
    if (priority === 'interactive') return { runs: runs.interactive.size, rows: rows.interactive };
    return { runs: this.size, rows: rows.interactive + rows.background };
  }

  /** The one whose turn it is. */
  oldest(): QueuedRun | undefined {
    for (const priority of PRIORITIES) for (const run of this.runs[priority]) return run;
    return undefined;
  }

  /** In the order of their turns. */
  *all(): Generator<QueuedRun> {
    for (const priority of PRIORITIES) yield* this.runs[priority];
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
    if (room <= 0) return taken;
    for (const run of this.all()) {
      if (run.submission.rows > room || run.submission.group !== first.submission.group) continue;
      taken.push(run);
      this.delete(run);
      room -= run.submission.rows;
      if (room === 0) break;
    }
    return taken;
  }
}
