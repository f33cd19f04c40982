import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '../../platform/http/index.js';
import { NotAuthenticatedError } from '../auth.errors.js';
import { httpContextOf } from '../sessions/http-context.js';
import { AuthGuard, DEMAND, type Demand, FRESH_MINUTES } from './auth.guard.js';
import type { AuthenticatedMember } from './authenticated-member.js';

type ForMethodOrClass = MethodDecorator & ClassDecorator;

const NOT_FRESH = `password was given more than ${FRESH_MINUTES} minutes ago (auth.fresh-session-required)`;

/**
 * Only for who is logged in, by session or API key; `{ session: true }` demands the session, `{ fresh: true }` that a session
 * began within the last 15 minutes, `{ fresh: 'admin' }` that an administrator's did. Documents the 401, and the 403 where
 * there is one.
 */
export function Authenticated(demanded: Pick<Demand, 'session' | 'fresh'> = {}): ForMethodOrClass {
  const { session = false, fresh = false } = demanded;
  const refusals = [...(session ? ['An API key may not do this'] : []), ...notFresh(fresh)];
  return applyDecorators(
    demand({ session, fresh }),
    ...(session ? [] : [ApiSecurity('api-key')]),
    ...(refusals.length > 0 ? [ApiProblems({ 403: refusals.join('; or ') })] : []),
  );
}

/**
 * Only for members of a role, by session or API key; `{ fresh: true }` demands that a session began within the last 15
 * minutes: who finds a browser left open has no password. Documents the 401 and the 403.
 */
export function Roles(
  role: AuthenticatedMember['role'],
  { fresh = false }: Pick<Demand, 'fresh'> = {},
): ForMethodOrClass {
  const refusals = [`Not of the role ${role}`, ...notFresh(fresh)];
  const problems = ApiProblems({ 403: refusals.join('; or ') });
  return applyDecorators(demand({ role, fresh }), ApiSecurity('api-key'), problems);
}

/** Injects the `AuthenticatedMember` into a method that is `Authenticated`. */
export const CurrentMember = createParamDecorator((_: unknown, context: ExecutionContext): AuthenticatedMember => {
  const { authenticatedMember } = httpContextOf(context).request;
  if (authenticatedMember === undefined) throw new NotAuthenticatedError();
  return authenticatedMember;
});

function notFresh(fresh: Demand['fresh']): string[] {
  if (!fresh) return [];
  return [fresh === 'admin' ? `an administrator's ${NOT_FRESH}` : `the ${NOT_FRESH}`];
}

function demand(value: Demand): ForMethodOrClass {
  return applyDecorators(
    SetMetadata(DEMAND, value),
    UseGuards(AuthGuard),
    ApiSecurity('session'),
    ApiProblems({ 401: 'Not logged in' }),
  );
}
