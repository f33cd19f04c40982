import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { type FieldError, InvalidInputError } from '../errors/domain-error.js';
import { ANY_QUERY } from './any-query.decorator.js';
import { BODY_RULE, type BodyRule, DEFAULT_BODY_RULE } from './body.decorators.js';
import { BodyReader } from './body-reader.js';
import { demandPercentEncoding } from './parse-body.js';
import { handlerArguments } from './handler-arguments.js';

/** What a handler takes of a request. */
interface Intake {
  readonly body: BodyRule | undefined;
  readonly query: boolean;
}

/**
 * The last guard of every handler: reads the body of one that declares it, and refuses query parameters where the handler
 * declares none. When it runs all other guards have let the request in. An interceptor would come at the same time, but
 * with one, Nest takes every answer through RxJS.
 */
@Injectable()
export class RequestInputGuard implements CanActivate {
  private readonly intakes = new WeakMap<object, Intake>();

  constructor(
    private readonly reflector: Reflector,
    private readonly bodies: BodyReader,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { body, query } = this.intakeOf(context);
    if (request.originalUrl.includes('?')) checkQuery(request, query);
    return body ? this.bodies.read(request, body) : true;
  }

  private intakeOf(context: ExecutionContext): Intake {
    const handler = context.getHandler();
    const known = this.intakes.get(handler);
    if (known) return known;
    const declared = handlerArguments(context);
    const rule = this.reflector.get<BodyRule | undefined>(BODY_RULE, handler) ?? DEFAULT_BODY_RULE;
    const takesAnyQuery = this.reflector.get<boolean | undefined>(ANY_QUERY, handler) === true;
    const takesBody = declared.body || rule.kinds.includes('stream');
    const intake = { body: takesBody ? rule : undefined, query: declared.query || takesAnyQuery };
    this.intakes.set(handler, intake);
    return intake;
  }
}

function checkQuery(request: Request, takesAnyQuery: boolean): void {
  demandPercentEncoding(request.originalUrl.slice(request.originalUrl.indexOf('?')), 'query');
  if (takesAnyQuery) return;
  const errors = Object.keys(request.query).map((name): FieldError => {
    return { location: ['query', name], type: 'unknown', message: `${name} is not a known query parameter` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
}
