import type { Response } from 'express';
import type { GoneSignal } from '../scheduler/queued-run.js';

/** Tells that the client has hung up before its answer. */
export class ClientPresence implements GoneSignal {
  constructor(private readonly response: Response) {}

  get aborted(): boolean {
    return this.response.closed && !this.response.writableFinished;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.response.once('close', listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.response.removeListener('close', listener);
  }

  /** The same for those who need the platform's own. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.aborted) controller.abort();
    this.response.once('close', () => {
      if (this.aborted) controller.abort();
    });
    return controller.signal;
  }
}
