import { Injectable } from '@nestjs/common';
import { Log } from './log.js';

/** The member, client address and request that caused an event. */
export interface Actor {
  readonly requestId?: string;
  readonly address?: string;
  readonly memberId?: string;
}

/** Logs security events: one line per event, with its name and actor. */
@Injectable()
export class SecurityLog {
  constructor(private readonly log: Log) {}

  /** @param event a stable, dotted name such as `auth.login.failed` */
  record(event: string, actor: Actor, details: Readonly<Record<string, unknown>> = {}): void {
    const { requestId, address, memberId } = actor;
    this.log.lines.info({ event, memberId, address, requestId, ...details }, event);
  }
}
