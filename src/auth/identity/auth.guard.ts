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

/** A session counts as fresh for this long after its login or password change. */
export const FRESH_MINUTES = 15;
const FRESH_MS = FRESH_MINUTES * 60_000;

/** What a handler demands of its caller. */
export interface Demand {
  /** An API key will not do. */
  readonly session?: boolean;
  /** A session has to be fresh, or only one of a member of this role. */
  readonly fresh?: boolean | AuthenticatedMember['role'];
  /** Any role will do where there is none. */
  readonly role?: AuthenticatedMember['role'];
}

export const DEMAND = Symbol('demand');

/** Lets nobody in who is not logged in, or not as the handler demands. Use it through `Authenticated` and `Roles`. */
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
    const demand = this.reflector.getAllAndOverride<Demand>(DEMAND, [context.getHandler(), context.getClass()]);
    const refusal = refusalOf(member, demand);
    if (refusal === undefined) return true;
    this.security.record('auth.refused', actorOf(request), { code: refusal.code, path: request.path });
    throw refusal;
  }
}

function refusalOf(member: AuthenticatedMember, demand: Demand): ForbiddenError | undefined {
  const { role, via } = member;
  if (demand.session && via !== 'session') return sessionRequired();
  if (demand.role && role !== demand.role) return roleRequired(demand.role);
  const asksForFresh = via === 'session' && (demand.fresh === true || demand.fresh === role);
  if (asksForFresh && !isFresh(member)) return freshSessionRequired(FRESH_MINUTES);
  return undefined;
}

function isFresh({ loggedInAt }: AuthenticatedMember): boolean {
  return loggedInAt !== undefined && Date.now() - loggedInAt < FRESH_MS;
}
