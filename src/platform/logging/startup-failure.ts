import { Injectable } from '@nestjs/common';
import { Log } from './log.js';

/** A failed start. Its message tells the operator what to change. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
  }
}

/**
 * Writes the reason to stderr and exits with code 1. It does not use the log, which may not exist yet. Errors that are not
 * meant for the operator are printed with their stack.
 */
export function abortStartup(error: unknown): never {
  const reason = error instanceof Error ? error : new Error(String(error));
  const isForOperators = reason.name === 'SettingsError' || reason.name === 'StartupError';
  process.stderr.write(`Barista cannot start. ${isForOperators ? reason.message : (reason.stack ?? reason.message)}\n`);
  process.exit(1);
}

/** Ends the process for a failure that is detected after the port is open. */
@Injectable()
export class StartupFailure {
  constructor(private readonly log: Log) {}

  abort(reason: string): void {
    this.log.lines.fatal(reason);
    this.log.flush();
    abortStartup(new StartupError(reason));
  }
}
