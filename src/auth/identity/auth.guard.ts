import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { actorOf } from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import {
  type ForbiddenError,
  freshSessionRequired,
  NotAuthenticatedError,
  roleRequired,
  sessionRequired,
} from '../auth.errors.js';
import { httpContextOf } from '../sessions/http-context.js';
import { IdentityService } from './identity.service.js';
import type { AuthenticatedMember } from './authenticated-member.js';

/** A session is fresh for this long after its login or password change. */
export const FRESH_SESSION_MINUTES = 15;
const FRESH_SESSION_MS = FRESH_SESSION_MINUTES * 60_000;

/** The access requirements of a handler, beyond a login. */
export interface AccessRequirements {
  /** Refuses API keys. */
  readonly session?: boolean;
  /** Requires a fresh session: of everyone, or of members with this role. */
  readonly fresh?: boolean | AuthenticatedMember['role'];
  /** By default any role. */
  readonly role?: AuthenticatedMember['role'];
}

export const ACCESS_REQUIREMENTS = Symbol('access requirements');

/** Enforces the access requirements of a handler. Use it through `@Authenticated` and `@Roles`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly identity: IdentityService,
    private readonly security: SecurityLog,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { request, response } = httpContextOf(context);
    const member = await this.identity.authenticate(request, response);
    if (member === undefined) throw new NotAuthenticatedError();
    const targets = [context.getHandler(), context.getClass()];
    const requirements = this.reflector.getAllAndOverride<AccessRequirements>(ACCESS_REQUIREMENTS, targets);
    const refusal = checkAccess(member, requirements);
    if (refusal === undefined) return true;
    this.security.record('auth.refused', actorOf(request), { code: refusal.code, path: request.path });
    throw refusal;
  }
}

function checkAccess(member: AuthenticatedMember, requirements: AccessRequirements): ForbiddenError | undefined {
  const { role, via } = member;
  if (requirements.session && via !== 'session') return sessionRequired();
  if (requirements.role && role !== requirements.role) return roleRequired(requirements.role);
  const needsFreshSession = via === 'session' && (requirements.fresh === true || requirements.fresh === role);
  if (needsFreshSession && !isFresh(member)) return freshSessionRequired(FRESH_SESSION_MINUTES);
  return undefined;
}

function isFresh({ loggedInAt }: AuthenticatedMember): boolean {
  return loggedInAt !== undefined && Date.now() - loggedInAt < FRESH_SESSION_MS;
}
