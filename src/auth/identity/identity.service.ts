import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { EntityManager } from 'typeorm';
import { ApiKeys } from '../api-keys/api-keys.service.js';
import { NotAuthenticatedError } from '../auth.errors.js';
import { Members } from '../members/members.repository.js';
import { Sessions } from '../sessions/sessions.service.js';
import { bearerToken } from './bearer-token.js';
import type { Principal } from './principal.js';

/**
 * Who makes a request. Asked only where that matters, and once for each request; the role is as the database has it at
 * that moment. A failing database is an error here, never an anonymous caller.
 */
@Injectable()
export class Identity {
  private readonly known = new WeakMap<Request, Promise<Principal | undefined>>();

  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly members: Members,
    private readonly sessions: Sessions,
  ) {}

  /** By API key, else by session. Undefined where there is neither, or the one there is opens nothing. */
  identify(request: Request, response: Response): Promise<Principal | undefined> {
    const found = this.known.get(request) ?? this.find(request, response);
    this.known.set(request, found);
    return found;
  }

  /** Whether what a request was let in with still opens what it did: for an answer that goes on for long. */
  async isStillIn(request: Request): Promise<boolean> {
    const { principal } = request;
    if (principal === undefined) return false;
    if (principal.via === 'session') return this.sessions.isStillLiving(request);
    return (await this.apiKeys.memberOf(bearerToken(request)!)) === principal.id;
  }

  /** Who a member is now, for work that goes on without a request; undefined where they have withdrawn. */
  async ofMember(id: string): Promise<Principal | undefined> {
    const member = await this.members.findById(id);
    return member === null ? undefined : { id, role: member.role, via: 'api-key' };
  }

  /**
   * Keeps a member from withdrawing until the transaction ends; throws `NotAuthenticatedError` where they have withdrawn
   * since they were identified. For whoever adds what belongs to a member.
   */
  async hold({ id }: Pick<Principal, 'id'>, manager: EntityManager): Promise<void> {
    if ((await this.members.lock(manager, id)) === null) throw new NotAuthenticatedError();
  }

  private async find(request: Request, response: Response): Promise<Principal | undefined> {
    const token = bearerToken(request);
    const via = token === undefined ? 'session' : 'api-key';
    const memberId =
      token === undefined ? await this.memberOfSession(request, response) : await this.apiKeys.memberOf(token);
    const member = memberId === undefined ? null : await this.members.findById(memberId);
    if (member === null) return undefined;
    request.memberId = member.id;
    const loggedInAt = via === 'session' ? request.session.loggedInAt : undefined;
    request.principal = { id: member.id, role: member.role, via, loggedInAt };
    return request.principal;
  }

  private async memberOfSession(request: Request, response: Response): Promise<string | undefined> {
    if (request.headers.cookie === undefined) return undefined;
    await this.sessions.open({ request, response });
    return request.session.memberId;
  }
}
