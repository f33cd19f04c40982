import { Injectable } from '@nestjs/common';
import { Log } from '../logging/index.js';

/** The state of one component, such as the database or the models. */
export interface ComponentReadiness {
  readonly ok: boolean;
  /** A word, or one word per member; undefined leaves the component out of the details. */
  readonly detail?: string | Readonly<Record<string, string>>;
}

export interface Readiness {
  readonly ok: boolean;
  readonly details: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

type Check = () => ComponentReadiness | Promise<ComponentReadiness>;

/**
 * Tells whether the process can take requests. Rooms add a check for each component that they need. Every change of the overall state
 * is logged.
 */
@Injectable()
export class ReadinessRegistry {
  private readonly checks = new Map<string, Check>();
  private listening = false;
  private wasReady = false;

  constructor(private readonly log: Log) {}

  /** @param component its name in the response of `/health/ready` */
  add(component: string, check: Check): void {
    this.checks.set(component, check);
  }

  /** Called once the port is open. Changes are logged from then on. */
  async start(): Promise<void> {
    this.listening = true;
    await this.evaluate();
  }

  /** Runs every check. A component whose state may have changed calls it too, so that the change is logged at once. */
  async evaluate(): Promise<Readiness> {
    const components = await Promise.all([...this.checks].map(async ([name, check]) => [name, await check()] as const));
    const ok = components.every(([, component]) => component.ok);
    const details = Object.fromEntries(components.flatMap(([name, { detail }]) => (detail ? [[name, detail]] : [])));
    if (this.listening) this.logChange(ok, details);
    return { ok, details };
  }

  private logChange(ok: boolean, details: Readiness['details']): void {
    if (ok === this.wasReady) return;
    this.wasReady = ok;
    if (ok) this.log.lines.info({ details }, 'ready');
    else this.log.lines.warn({ details }, 'not ready');
  }
}
