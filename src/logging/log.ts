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
  private readonly turn: Turn;

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
    this.turn = new Turn(destination);
    this.requests = pino(options, this.turn);
  }

  /** Writes every buffered line before it returns. */
  flush(): void {
    this.turn.flush();
    this.destination.flushSync?.();
  }
}

/** Collects the lines of one turn of the event loop, which go out as one. */
class Turn implements DestinationStream {
  private lines = '';

  constructor(private readonly destination: DestinationStream) {}

  write(line: string): void {
    if (this.lines === '') setImmediate(() => this.flush());
    this.lines += line;
  }

  flush(): void {
    if (this.lines === '') return;
    this.destination.write(this.lines);
    this.lines = '';
  }
}

function stdout(): DestinationStream {
  if (!process.stdout.isTTY) return pino.destination({ fd: 1, sync: false });
  // Loaded for a terminal only; in this thread, because what a transport's thread has not written is lost at exit.
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  return pretty({ sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' });
}
