import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** On Ctrl-C the terminal and npm both send SIGINT. Signals within this time count as one. */
const DUPLICATE_SIGINT_MS = 300;

/**
 * Handles SIGTERM and SIGINT from the first moment of the process. Before the port is open, a signal ends the process at once with
 * code 0. After that, the first signal starts Nest's graceful shutdown. A second signal ends the process at once with
 * 128 + the signal number, the convention of shells.
 */
export class ShutdownSignals {
  private firstSignalAt: number | undefined;
  private flush: (() => void) | undefined;

  register(): void {
    for (const signal of SIGNALS) process.on(signal, () => this.receive(signal));
  }

  /**
   * Leaves the first signal to Nest's shutdown hooks from now on.
   *
   * @param flush writes buffered output before the process ends at once
   */
  startGraceful(flush: () => void): void {
    this.flush = flush;
  }

  private receive(signal: (typeof SIGNALS)[number]): void {
    if (!this.flush) process.exit(0);
    const now = Date.now();
    const elapsed = now - (this.firstSignalAt ?? now);
    const isFirst = this.firstSignalAt === undefined;
    this.firstSignalAt ??= now;
    if (isFirst || (signal === 'SIGINT' && elapsed < DUPLICATE_SIGINT_MS)) return;
    this.flush();
    process.exit(128 + constants.signals[signal]);
  }
}
