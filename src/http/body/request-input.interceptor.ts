import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { Observable } from 'rxjs';
import { type FieldError, InvalidInputError } from '../errors/domain-error.js';
import { ANY_QUERY } from './any-query.decorator.js';
import { BODY_RULE, type BodyRule, DEFAULT_BODY_RULE } from './body.decorators.js';
import { BodyReader } from './body-reader.js';
import { demandPercentEncoding } from './parse-body.js';
import { handlerArguments } from './handler-arguments.js';

/**
 * Runs after the guards: reads the body of a handler that declares one, and refuses query parameters where the handler
 * declares none.
 */
@Injectable()
export class RequestInputInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly bodies: BodyReader,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const declared = handlerArguments(context);
    const takesAnyQuery = declared.query || this.reflector.get<boolean | undefined>(ANY_QUERY, context.getHandler());
    if (request.originalUrl.includes('?')) checkQuery(request, Boolean(takesAnyQuery));
    if (declared.body) {
      const rule = this.reflector.get<BodyRule | undefined>(BODY_RULE, context.getHandler()) ?? DEFAULT_BODY_RULE;
      await this.bodies.read(request, http.getResponse<Response>(), rule);
    }
    return next.handle();
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
