import { createRequire } from 'node:module';
import type PinoPretty from 'pino-pretty';
import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Field names whose values never reach the log, wherever they stand at the first two levels of a line. */
const SECRETS = ['password', 'currentPassword', 'newPassword', 'cookie', 'authorization', 'key', 'secret', 'token'];

/**
 * The one log of the process: JSON lines on stdout, or readable text on a terminal. Values are JSON strings, so a CR or
 * LF in them cannot forge a line.
 */
export class Log {
  readonly lines: PinoLogger;
  /** For a line of each request: of fields that are known to be no secrets, which nobody need look for. */
  readonly requests: PinoLogger;
  private readonly destination: DestinationStream & { flushSync?: () => void };

  constructor(level: string, destination: DestinationStream = stdout()) {
    this.destination = destination;
    const options = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), remove: true };
    this.lines = pino({ ...options, redact }, destination);
    this.requests = pino(options, destination);
  }

  /** Writes every buffered line before it returns. */
  flush(): void {
    this.destination.flushSync?.();
  }
}

function stdout(): DestinationStream {
  if (!process.stdout.isTTY) return pino.destination({ fd: 1, sync: false });
  // Loaded for a terminal only; in this thread, because what a transport's thread has not written is lost at exit.
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  return pretty({ sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' });
}
