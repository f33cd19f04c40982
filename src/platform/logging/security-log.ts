import { Injectable } from '@nestjs/common';
import { Log } from './log.js';

/** Who did it, from where, in which request. */
export interface Actor {
  readonly requestId?: string;
  readonly address?: string;
  readonly memberId?: string;
}

/** Security events: one line each, with `event`, and whoever caused it. */
@Injectable()
export class SecurityLog {
  constructor(private readonly log: Log) {}

  /** @param event dotted, stable: `auth.login.failed` */
  record(event: string, actor: Actor, details: Readonly<Record<string, unknown>> = {}): void {
    const { requestId, address, memberId } = actor;
    this.log.lines.info({ event, memberId, address, requestId, ...details }, event);
  }
}
