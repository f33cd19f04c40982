import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

type Level = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal';

/** Nest's own messages, and those of `new Logger(context)`, as lines of the one log. */
export class NestLogger implements LoggerService {
  constructor(private readonly log_: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest says at `log` which routes and modules it found: of use to a developer, noise to an operator.
    this.write(isFrameworkChatter(rest) ? 'debug' : 'info', message, rest);
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

  /** Nest passes the context last, and for errors the stack before it. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const stack = rest.slice(0, -1).find((part) => typeof part === 'string' && part.includes('\n'));
    if (message instanceof Error) this.log_.lines[level]({ context, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.log_.lines[level]({ context, ...message });
    else this.log_.lines[level]({ context, stack }, String(message));
  }
}

const CHATTY = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'NestFactory', 'NestApplication']);

function isFrameworkChatter(rest: unknown[]): boolean {
  return CHATTY.has(String(rest.at(-1)));
}
