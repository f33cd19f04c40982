import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { actorOf } from '../../http/index.js';
import { SecurityLog } from '../../logging/index.js';
import { type ForbiddenError, NotAuthenticatedError, roleRequired, sessionRequired } from '../auth.errors.js';
import { exchangeOf } from '../sessions/exchange.js';
import { Identity } from './identity.service.js';
import type { Principal } from './principal.js';

/** What a handler demands of its caller. */
export interface Demand {
  /** An API key will not do. */
  readonly session?: boolean;
  /** Any one of these; all roles will do where there is none. */
  readonly roles?: readonly Principal['role'][];
}

export const DEMAND = Symbol('demand');

/** Lets nobody in who is not logged in, or not as the handler demands. Use it through `Authenticated` and `Roles`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly identity: Identity,
    private readonly security: SecurityLog,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { request, response } = exchangeOf(context);
    const principal = await this.identity.identify(request, response);
    if (principal === undefined) throw new NotAuthenticatedError();
    const demand = this.reflector.getAllAndOverride<Demand>(DEMAND, [context.getHandler(), context.getClass()]);
    const refusal = refusalOf(principal, demand);
    if (refusal === undefined) return true;
    this.security.record('auth.refused', actorOf(request), { code: refusal.code, path: request.path });
    throw refusal;
  }
}

function refusalOf({ role, via }: Principal, { session, roles }: Demand): ForbiddenError | undefined {
  if (session && via !== 'session') return sessionRequired();
  if (roles && !roles.includes(role)) return roleRequired(roles);
  return undefined;
}
