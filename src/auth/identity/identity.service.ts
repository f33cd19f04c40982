import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { EntityManager } from 'typeorm';
import { bearerTokenOf } from '../../platform/http/index.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { NotAuthenticatedError } from '../auth.errors.js';
import { MembersRepository } from '../members/members.repository.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { AuthenticatedMember } from './authenticated-member.js';

/**
 * Authenticates requests: by API key, else by session. Runs only where a handler asks for it, and once per request. The role
 * is read from the database each time. A database failure is thrown; it never makes the caller anonymous.
 */
@Injectable()
export class IdentityService {
  private readonly authentications = new WeakMap<Request, Promise<AuthenticatedMember | undefined>>();

  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly members: MembersRepository,
    private readonly sessions: SessionsService,
  ) {}

  /** The member who makes the request; undefined without a credential, or with an invalid one. */
  authenticate(request: Request, response: Response): Promise<AuthenticatedMember | undefined> {
    const known = this.authentications.get(request) ?? this.authenticateOnce(request, response);
    this.authentications.set(request, known);
    return known;
  }

  /** Whether the credential of an authenticated request is still valid. For long-lived responses such as event streams. */
  async isStillAuthenticated(request: Request): Promise<boolean> {
    const { authenticatedMember } = request;
    if (authenticatedMember === undefined) return false;
    if (authenticatedMember.via === 'session') return this.sessions.isActive(request);
    return (await this.apiKeys.findMemberId(bearerTokenOf(request.headers.authorization)!)) === authenticatedMember.id;
  }

  /** The member with their current role, for work without a request; undefined after a withdrawal. */
  async findMember(id: string): Promise<AuthenticatedMember | undefined> {
    const member = await this.members.findById(id);
    return member === null ? undefined : { id, role: member.role, via: 'api-key' };
  }

  /**
   * Locks the member's row until the transaction ends, so that the member cannot withdraw meanwhile. Call it before inserting
   * rows that belong to a member.
   *
   * @throws NotAuthenticatedError if the member has withdrawn since the request was authenticated
   */
  async lockMember({ id }: Pick<AuthenticatedMember, 'id'>, manager: EntityManager): Promise<void> {
    if ((await this.members.findForUpdate(manager, id)) === null) throw new NotAuthenticatedError();
  }

  private async authenticateOnce(request: Request, response: Response): Promise<AuthenticatedMember | undefined> {
    const token = bearerTokenOf(request.headers.authorization);
    const via = token === undefined ? 'session' : 'api-key';
    const memberId =
      token === undefined ? await this.memberOfSession(request, response) : await this.apiKeys.findMemberId(token);
    const member = memberId === undefined ? null : await this.members.findById(memberId);
    if (member === null) return undefined;
    request.memberId = member.id;
    const loggedInAt = via === 'session' ? request.session.loggedInAt : undefined;
    request.authenticatedMember = { id: member.id, role: member.role, via, loggedInAt };
    return request.authenticatedMember;
  }

  private async memberOfSession(request: Request, response: Response): Promise<string | undefined> {
    if (request.headers.cookie === undefined) return undefined;
    await this.sessions.load({ request, response });
    return request.session.memberId;
  }
}
