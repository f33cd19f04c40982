import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { type FieldError, InvalidInputError } from '../errors/domain-error.js';
import { ANY_QUERY } from './any-query.decorator.js';
import { BODY_RULE, type BodyRule, DEFAULT_BODY_RULE } from './body.decorators.js';
import { BodyReader } from './body-reader.js';
import { requirePercentEncoding } from './parse-form.js';

/** The parts of a request that a handler accepts. */
interface InputRule {
  readonly body: BodyRule | undefined;
  readonly query: boolean;
}

/**
 * The last guard of every handler. It reads the body if the handler declares one, and rejects query parameters if the handler
 * declares none. All other guards have allowed the request by then. An interceptor would run at the same point, but with a
 * global interceptor Nest runs every handler through RxJS.
 */
@Injectable()
export class RequestInputGuard implements CanActivate {
  private readonly rules = new WeakMap<object, InputRule>();

  constructor(
    private readonly reflector: Reflector,
    private readonly bodies: BodyReader,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { body, query } = this.ruleOf(context);
    if (request.originalUrl.includes('?')) checkQuery(request, query);
    return body ? this.bodies.read(request, body) : true;
  }

  private ruleOf(context: ExecutionContext): InputRule {
    const handler = context.getHandler();
    const known = this.rules.get(handler);
    if (known) return known;
    const types = parameterTypesOf(context);
    const rule = this.reflector.get<BodyRule | undefined>(BODY_RULE, handler) ?? DEFAULT_BODY_RULE;
    const acceptsAnyQuery = this.reflector.get<boolean | undefined>(ANY_QUERY, handler) === true;
    const acceptsBody = types.has(RouteParamtypes.BODY) || rule.kinds.includes('stream');
    const inputRule = {
      body: acceptsBody ? rule : undefined,
      query: types.has(RouteParamtypes.QUERY) || acceptsAnyQuery,
    };
    this.rules.set(handler, inputRule);
    return inputRule;
  }
}

/** The types (`RouteParamtypes`) of the parameters that a handler declares. */
function parameterTypesOf(context: ExecutionContext): Set<number> {
  const { name } = context.getHandler();
  const metadata = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), name) ?? {}) as object;
  return new Set(Object.keys(metadata).map((key) => Number(key.split(':')[0])));
}

function checkQuery(request: Request, acceptsAnyQuery: boolean): void {
  requirePercentEncoding(request.originalUrl.slice(request.originalUrl.indexOf('?')), 'query');
  if (acceptsAnyQuery) return;
  const errors = Object.keys(request.query).map((name): FieldError => {
    return { location: ['query', name], type: 'unknown', message: `${name} is not a known query parameter` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
}
