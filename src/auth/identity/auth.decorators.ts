import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '../../platform/http/index.js';
import { NotAuthenticatedError } from '../auth.errors.js';
import { httpContextOf } from '../sessions/http-context.js';
import { ACCESS_REQUIREMENTS, type AccessRequirements, AuthGuard, FRESH_SESSION_MINUTES } from './auth.guard.js';
import type { AuthenticatedMember } from './authenticated-member.js';

type MethodOrClassDecorator = MethodDecorator & ClassDecorator;

const NOT_FRESH = `password was given more than ${FRESH_SESSION_MINUTES} minutes ago (auth.fresh-session-required)`;

/**
 * Requires a login, by session or API key. `{ session: true }` requires a session. `{ fresh: true }` requires that the session
 * began within the last 15 minutes; `{ fresh: 'admin' }` requires that of administrators only. An API key needs no freshness.
 * Documents the responses 401 and 403.
 */
export function Authenticated(
  requirements: Pick<AccessRequirements, 'session' | 'fresh'> = {},
): MethodOrClassDecorator {
  const { session = false, fresh = false } = requirements;
  const refusals = [...(session ? ['An API key may not do this'] : []), ...describeFreshness(fresh)];
  return applyDecorators(
    requireAccess({ session, fresh }),
    ...(session ? [] : [ApiSecurity('api-key')]),
    ...(refusals.length > 0 ? [ApiProblems({ 403: refusals.join('; or ') })] : []),
  );
}

/**
 * Requires a role, by session or API key. `{ fresh: true }` requires that the session began within the last 15 minutes, which
 * protects a browser left open. Documents the responses 401 and 403.
 */
export function Roles(
  role: AuthenticatedMember['role'],
  { fresh = false }: Pick<AccessRequirements, 'fresh'> = {},
): MethodOrClassDecorator {
  const refusals = [`Not of the role ${role}`, ...describeFreshness(fresh)];
  const problems = ApiProblems({ 403: refusals.join('; or ') });
  return applyDecorators(requireAccess({ role, fresh }), ApiSecurity('api-key'), problems);
}

/** Injects the `AuthenticatedMember` into a handler with `@Authenticated` or `@Roles`. */
export const CurrentMember = createParamDecorator((_: unknown, context: ExecutionContext): AuthenticatedMember => {
  const { authenticatedMember } = httpContextOf(context).request;
  if (authenticatedMember === undefined) throw new NotAuthenticatedError();
  return authenticatedMember;
});

function describeFreshness(fresh: AccessRequirements['fresh']): string[] {
  if (!fresh) return [];
  return [fresh === 'admin' ? `an administrator's ${NOT_FRESH}` : `the ${NOT_FRESH}`];
}

function requireAccess(requirements: AccessRequirements): MethodOrClassDecorator {
  return applyDecorators(
    SetMetadata(ACCESS_REQUIREMENTS, requirements),
    UseGuards(AuthGuard),
    ApiSecurity('session'),
    ApiProblems({ 401: 'Not logged in' }),
  );
}
