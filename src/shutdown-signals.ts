import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** npm passes on a Ctrl-C that the terminal has sent to this process too. */
const SAME_INTERRUPT_MS = 300;

/**
 * What the signals to stop mean, from the first moment on: before the port is open, an end at once with code 0, since nothing
 * has been taken on; then an orderly stop; and when asked again meanwhile, an end at once with 128 and the signal's
 * number, as shells have it.
 */
export class ShutdownSignals {
  private askedAt: number | undefined;
  private flush: (() => void) | undefined;

  listen(): void {
    for (const signal of SIGNALS) process.on(signal, () => this.receive(signal));
  }

  /**
   * From now on the first signal is somebody else's to obey.
   *
   * @param flush writes what would be lost when the process ends at once
   */
  handOver(flush: () => void): void {
    this.flush = flush;
  }

  private receive(signal: (typeof SIGNALS)[number]): void {
    if (!this.flush) process.exit(0);
    const now = Date.now();
    const since = now - (this.askedAt ?? now);
    const isFirst = this.askedAt === undefined;
    this.askedAt ??= now;
    if (isFirst || (signal === 'SIGINT' && since < SAME_INTERRUPT_MS)) return;
    this.flush();
    process.exit(128 + constants.signals[signal]);
  }
}
