import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

type Level = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal';

/** Writes Nest's messages, and the messages of `new Logger(context)`, to the log. */
export class NestLogger implements LoggerService {
  constructor(private readonly destination: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest logs every route and module at level `log`, which is noise for operators.
    this.write(isFrameworkNoise(rest) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** @param rest ends with Nest's context; for errors the stack precedes it */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const stack = rest.slice(0, -1).find((part) => typeof part === 'string' && part.includes('\n'));
    if (message instanceof Error) this.destination.lines[level]({ context, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.destination.lines[level]({ context, ...message });
    else this.destination.lines[level]({ context, stack }, String(message));
  }
}

const NOISY_CONTEXTS = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'NestFactory',
  'NestApplication',
]);

function isFrameworkNoise(rest: unknown[]): boolean {
  return NOISY_CONTEXTS.has(String(rest.at(-1)));
}
