import type { DomainError } from '../../platform/http/index.js';
import type { Caller, GoneSignal, Priority } from '../caller.js';
import { RunFailedError } from '../runtime/runtime-process.js';
import { ClientGoneError } from '../serving.errors.js';
import type { Tensor } from '../signature/tensor.js';
import { sliceRows } from './batch.js';

/** The input of one run. */
export interface Submission {
  readonly feeds: readonly Tensor[];
  /** The number of rows in the tensors. */
  readonly rows: number;
  /** Only runs of the same group share a batch; see `groupOf`. */
  readonly group: string;
}

/** The run of one caller, from its submission until its promise is settled. */
export class QueuedRun {
  readonly priority: Priority;
  readonly outputs: Promise<Tensor[]>;
  isSettled = false;
  /** Written by `WaitingRuns` only. */
  isWaiting = false;
  private readonly signal: GoneSignal | undefined;
  private readonly abandon: (() => void) | undefined;
  private resolvePromise!: (outputs: Tensor[]) => void;
  private rejectPromise!: (error: Error) => void;

  /** @param onGone called when the caller disconnects */
  constructor(
    readonly submission: Submission,
    /** Like `deadline` in milliseconds, as `performance.now()` counts. */
    readonly submittedAt: number,
    readonly deadline: number,
    { signal, priority = 'interactive' }: Caller,
    private readonly onGone: (run: QueuedRun, error: DomainError) => void,
  ) {
    this.priority = priority;
    this.signal = signal;
    this.outputs = new Promise((resolve, reject) => {
      this.resolvePromise = resolve;
      this.rejectPromise = reject;
    });
    if (signal) {
      this.abandon = () => this.onGone(this, new ClientGoneError());
      signal.addEventListener('abort', this.abandon, { once: true });
    }
  }

  resolve(outputs: Tensor[]): void {
    if (this.settle()) this.resolvePromise(outputs);
  }

  reject(error: Error): void {
    if (this.settle()) this.rejectPromise(error);
  }

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    if (this.abandon) this.signal?.removeEventListener('abort', this.abandon);
    return true;
  }
}

/**
 * Resolves each run of a batch with its own rows of the outputs.
 *
 * @throws RunFailedError where an output has another number of rows than the batch
 */
export function distributeOutputs(outputs: Tensor[], batch: readonly QueuedRun[], rows: number): void {
  const [only] = batch;
  if (only && batch.length === 1) {
    only.resolve(outputs);
    return;
  }
  const wrong = outputs.find(({ shape }) => shape[0] !== rows);
  if (wrong) throw new RunFailedError(`"${wrong.name}" has ${wrong.shape[0]} rows for a batch of ${rows}`);
  let start = 0;
  for (const run of batch) {
    run.resolve(sliceRows(outputs, start, run.submission.rows));
    start += run.submission.rows;
  }
}

const PRIORITIES: readonly Priority[] = ['interactive', 'background'];

/** The arrays are compacted when they hold this many more entries than twice the runs that wait. */
const MAX_STALE_ENTRIES = 512;

interface Backlog {
  runs: number;
  rows: number;
}

/**
 * Waiting runs in order of arrival, interactive ones before background ones. They are kept in arrays, because the garbage
 * collector reclaims the table of a `Set` late when entries are added and deleted all the time.
 */
export class WaitingRuns {
  private readonly runs: Record<Priority, QueuedRun[]> = { interactive: [], background: [] };
  private readonly backlogs: Record<Priority, Backlog> = {
    interactive: { runs: 0, rows: 0 },
    background: { runs: 0, rows: 0 },
  };

  get size(): number {
    return this.backlogs.interactive.runs + this.backlogs.background.runs;
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
    // The entry stays until the next compaction: most runs leave in batches.
    const { length } = this.runs[run.priority];
    if (length > 2 * this.backlogs[run.priority].runs + MAX_STALE_ENTRIES) this.compact(run.priority);
  }

  /** The runs and rows before a new run of this priority. */
  aheadOf(priority: Priority): Readonly<Backlog> {
    const { interactive, background } = this.backlogs;
    if (priority === 'interactive') return interactive;
    return { runs: interactive.runs + background.runs, rows: interactive.rows + background.rows };
  }

  /** The first run in the order of service; of one priority where it is given. */
  first(priority?: Priority): QueuedRun | undefined {
    for (const run of this.all()) if (priority === undefined || run.priority === priority) return run;
    return undefined;
  }

  /** In the order of service. */
  *all(): Generator<QueuedRun> {
    for (const priority of PRIORITIES) for (const run of this.runs[priority]) if (run.isWaiting) yield run;
  }

  /** The number of waiting rows of this group. */
  rowsIn(group: string): number {
    let rows = 0;
    for (const run of this.all()) if (run.submission.group === group) rows += run.submission.rows;
    return rows;
  }

  /** Removes `first` and further runs of its group that fit, up to `maxRows` rows in all. */
  takeBatch(first: QueuedRun, maxRows: number): QueuedRun[] {
    const batch = [first];
    let room = maxRows - first.submission.rows;
    this.delete(first);
    for (const run of this.all()) {
      if (room <= 0) break;
      if (run.submission.rows > room || run.submission.group !== first.submission.group) continue;
      batch.push(run);
      this.delete(run);
      room -= run.submission.rows;
    }
    PRIORITIES.forEach((priority) => this.compact(priority));
    return batch;
  }

  private compact(priority: Priority): void {
    this.runs[priority] = this.runs[priority].filter((run) => run.isWaiting);
  }

  private count({ priority, submission }: QueuedRun, by: 1 | -1): void {
    const backlog = this.backlogs[priority];
    backlog.runs += by;
    backlog.rows += by * submission.rows;
  }
}

/** One timer for the earliest of many deadlines, because a timer for each would be set and cleared with each prediction. */
export class DeadlineTimer {
  private at = Infinity;
  private timer: NodeJS.Timeout | undefined;

  /** @param expire handles the deadlines that have passed, and sets the timer for the others */
  constructor(private readonly expire: () => void) {}

  /** Fires at `deadline`, in milliseconds as `performance.now()` counts, or before. Does not keep the process alive. */
  set(deadline: number): void {
    if (deadline >= this.at) return;
    this.at = deadline;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.at = Infinity;
      this.expire();
    }, deadline - performance.now());
    this.timer.unref();
  }
}
