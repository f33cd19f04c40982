import type { DomainError } from '../../platform/http/index.js';
import type { Caller, GoneSignal, Priority } from '../caller.js';
import { ClientGoneError } from '../serving.errors.js';
import type { Tensor } from '../signature/tensor.js';

export interface Submission {
  readonly feeds: readonly Tensor[];
  /** How many rows the tensors hold. */
  readonly rows: number;
  /** What may run together has the same; see `groupOf`. */
  readonly group: string;
}

/** One caller's run, from its submission until somebody has been told how it ended. */
export class QueuedRun {
  readonly priority: Priority;
  readonly outputs: Promise<Tensor[]>;
  isSettled = false;
  /** Kept by `WaitingRuns`. */
  isWaiting = false;
  private readonly signal: GoneSignal | undefined;
  private readonly abandon: (() => void) | undefined;
  private resolvePromise!: (outputs: Tensor[]) => void;
  private rejectPromise!: (error: Error) => void;

  /** @param leave takes it out of the queue; called when it is given up */
  constructor(
    readonly submission: Submission,
    /** As `performance.now()` counts. */
    readonly submittedAt: number,
    readonly deadline: number,
    { signal, priority = 'interactive' }: Caller,
    private readonly leave: (run: QueuedRun, why: DomainError) => void,
  ) {
    this.priority = priority;
    this.signal = signal;
    this.outputs = new Promise((resolve, reject) => {
      this.resolvePromise = resolve;
      this.rejectPromise = reject;
    });
    if (signal) {
      this.abandon = () => this.leave(this, new ClientGoneError());
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
