import { Injectable } from '@nestjs/common';
import { Log } from '../logging/index.js';

/** What one part says of itself: a word, or one word for each of its members. */
export interface ComponentReadiness {
  readonly ok: boolean;
  /** Left out where there is nothing to say. */
  readonly detail?: string | Readonly<Record<string, string>>;
}

export interface Readiness {
  readonly ok: boolean;
  readonly details: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

type Check = () => ComponentReadiness | Promise<ComponentReadiness>;

/**
 * Whether the process should be sent requests. Rooms add what they need to be ready; the log has one line each time the
 * whole turns ready, or stops being so.
 */
@Injectable()
export class ReadinessRegistry {
  private readonly checks = new Map<string, Check>();
  private listening = false;
  private wasReady = false;

  constructor(private readonly log: Log) {}

  /** @param part the name under which `/health/ready` shows it */
  add(part: string, check: Check): void {
    this.checks.set(part, check);
  }

  /** To be called once the port is open. */
  async start(): Promise<void> {
    this.listening = true;
    await this.evaluate();
  }

  /** Asks every part. To be called by a part whose answer may have changed, so that the log knows at once. */
  async evaluate(): Promise<Readiness> {
    const parts = await Promise.all([...this.checks].map(async ([name, check]) => [name, await check()] as const));
    const ok = parts.every(([, part]) => part.ok);
    const details = Object.fromEntries(parts.flatMap(([name, { detail }]) => (detail ? [[name, detail]] : [])));
    if (this.listening) this.note(ok, details);
    return { ok, details };
  }

  private note(ok: boolean, details: Readiness['details']): void {
    if (ok === this.wasReady) return;
    this.wasReady = ok;
    if (ok) this.log.lines.info({ details }, 'ready');
    else this.log.lines.warn({ details }, 'not ready');
  }
}
