import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '../../http/index.js';
import { NotAuthenticatedError } from '../auth.errors.js';
import { exchangeOf } from '../sessions/exchange.js';
import { AuthGuard, DEMAND, type Demand } from './auth.guard.js';
import type { Principal } from './principal.js';

type ForMethodOrClass = MethodDecorator & ClassDecorator;

/** Only for who is logged in, by session or API key; `{ session: true }` demands the session. Documents the 401. */
export function Authenticated({ session = false }: { session?: boolean } = {}): ForMethodOrClass {
  if (!session) return applyDecorators(demand({}), ApiSecurity('api-key'));
  return applyDecorators(demand({ session }), ApiProblems({ 403: 'An API key may not do this' }));
}

/** Only for members who have one of `roles`. Documents the 401 and the 403. */
export function Roles(...roles: Principal['role'][]): ForMethodOrClass {
  const problems = ApiProblems({ 403: `Not of the role ${roles.join(' or ')}` });
  return applyDecorators(demand({ roles }), ApiSecurity('api-key'), problems);
}

/** Injects the `Principal` into a method that is `Authenticated`. */
export const CurrentMember = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = exchangeOf(context).request;
  if (principal === undefined) throw new NotAuthenticatedError();
  return principal;
});

function demand(value: Demand): ForMethodOrClass {
  return applyDecorators(
    SetMetadata(DEMAND, value),
    UseGuards(AuthGuard),
    ApiSecurity('session'),
    ApiProblems({ 401: 'Not logged in' }),
  );
}
