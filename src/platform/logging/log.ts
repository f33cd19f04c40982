import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type PinoPretty from 'pino-pretty';
import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Field names whose values never reach the log, wherever they stand at the first two levels of a line. */
const SECRETS = ['password', 'currentPassword', 'newPassword', 'cookie', 'authorization', 'key', 'secret', 'token'];

/** Where TypeORM and PostgreSQL keep, with a failed query, what was to be written: hashes and e-mails among it. */
const VALUES = new Set(['parameters', 'driverError', 'detail', 'where']);

/**
 * The one log of the process: JSON lines on stdout, or readable text on a terminal. Values are JSON strings, so a CR or
 * LF in them cannot forge a line.
 */
export class Log {
  readonly lines: PinoLogger;
  private readonly destination: DestinationStream & { flushSync?: () => void };
  private readonly turn: Turn;
  private readonly clock = new IsoClock();

  constructor(level: string, destination: DestinationStream = stdout()) {
    this.destination = destination;
    const options = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), remove: true };
    this.lines = pino({ ...options, redact, serializers: { err: withoutValues } }, destination);
    this.turn = new Turn(destination);
  }

  /**
   * A line like those of `lines`, for each request: put together by hand, since its fields are few, always the same, and
   * known to hold no secret that would have to be looked for.
   */
  request({ requestId, method, path, status, ms, memberId }: RequestLine): void {
    if (!this.lines.isLevelEnabled('info')) return;
    const who = memberId === undefined ? '' : `,"memberId":${JSON.stringify(memberId)}`;
    // An id or a method has no character that JSON would have to escape.
    const what = `"requestId":"${requestId}","method":"${method}","path":${JSON.stringify(path)},"status":${status}`;
    const time = this.clock.now();
    this.turn.write(`{"level":"info","time":"${time}",${what},"ms":${ms}${who},"msg":"request"}\n`);
  }

  /** Writes every buffered line before it returns. */
  flush(): void {
    this.turn.flush();
    this.destination.flushSync?.();
  }
}

/** An error as pino has it, without the values of a query that failed. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return Object.fromEntries(Object.entries(pino.stdSerializers.err(error)).filter(([name]) => !VALUES.has(name)));
}

/** What is said of each request. */
export interface RequestLine {
  /** Letters, digits, `_`, `.`, `:` and `-`. */
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly memberId: string | undefined;
}

/** The time as ISO 8601 has it, worked out once a millisecond. */
class IsoClock {
  private ms = 0;
  private text = '';

  now(): string {
    const ms = Date.now();
    if (ms !== this.ms) this.text = new Date(ms).toISOString();
    this.ms = ms;
    return this.text;
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
  if (!isatty(1)) return pino.destination({ fd: 1, sync: false });
  // Loaded for a terminal only; in this thread, because what a transport's thread has not written is lost at exit.
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  return pretty({ sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' });
}
