import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type PinoPretty from 'pino-pretty';
import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Fields that pino removes from the first two levels of a line. */
const REDACTED_FIELDS = [
  'password',
  'currentPassword',
  'newPassword',
  'cookie',
  'authorization',
  'key',
  'secret',
  'token',
];

/** Fields of a query error in which TypeORM and PostgreSQL keep the values of the query, such as password hashes and e-mails. */
const QUERY_VALUE_FIELDS = new Set(['parameters', 'driverError', 'detail', 'where']);

/**
 * The log of the process: JSON lines on stdout, or readable text on a terminal. Values are JSON strings, so a CR or LF in a
 * value cannot forge a line.
 */
export class Log {
  readonly lines: PinoLogger;
  private readonly destination: DestinationStream & { flushSync?: () => void };
  private readonly buffer: LineBuffer;
  private readonly clock = new IsoClock();

  constructor(level: string, destination: DestinationStream = stdout()) {
    this.destination = destination;
    const options = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    const redact = { paths: REDACTED_FIELDS.flatMap((name) => [name, `*.${name}`]), remove: true };
    this.lines = pino({ ...options, redact, serializers: { err: serializeError } }, destination);
    this.buffer = new LineBuffer(destination);
  }

  /**
   * Writes the line of a finished request. It is formatted by hand, not by pino, for speed: its fields are fixed and need no
   * redaction.
   */
  request({ requestId, method, path, status, ms, memberId }: RequestLogEntry): void {
    if (!this.lines.isLevelEnabled('info')) return;
    const member = memberId === undefined ? '' : `,"memberId":${JSON.stringify(memberId)}`;
    // Request ids and methods have no character that JSON escapes.
    const fields = `"requestId":"${requestId}","method":"${method}","path":${JSON.stringify(path)},"status":${status}`;
    const time = this.clock.now();
    this.buffer.write(`{"level":"info","time":"${time}",${fields},"ms":${ms}${member},"msg":"request"}\n`);
  }

  /** Writes every buffered line before it returns. */
  flush(): void {
    this.buffer.flush();
    this.destination.flushSync?.();
  }
}

/** pino's serializer for errors, without the values of a failed query. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return Object.fromEntries(
    Object.entries(pino.stdSerializers.err(error)).filter(([name]) => !QUERY_VALUE_FIELDS.has(name)),
  );
}

/** The logged fields of a request. */
export interface RequestLogEntry {
  /** Letters, digits, `_`, `.`, `:` and `-` only. */
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly memberId: string | undefined;
}

/** The current time in ISO 8601, formatted at most once per millisecond. */
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

/** Collects the lines of one turn of the event loop and writes them at once. */
class LineBuffer implements DestinationStream {
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
  // Loaded only for a terminal. A pino transport runs in a thread, whose unwritten lines are lost at exit.
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  return pretty({ sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' });
}
