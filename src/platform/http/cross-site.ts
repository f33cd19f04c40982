import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { SecurityLog } from '../logging/index.js';
import { DomainError } from './errors/domain-error.js';
import { actorOf } from './request.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

class CrossSiteRequestError extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'request.cross-site';
}

const WITH_COOKIE =
  'A request that changes something and carries a cookie must come from this site or an allowed origin.';
const FORM = 'This form was not sent from a page of this site. Open the page here, and send it again.';

/**
 * Refuses writes that another site makes a browser send with our cookie. Browsers say where a request comes from in
 * `Sec-Fetch-Site`, older ones in `Origin`; a client that sends neither is not a browser.
 */
export function refuseCrossSiteWrites(allowedOrigins: readonly string[], security: SecurityLog) {
  return (request: Request, _: Response, next: NextFunction): void => {
    const harmless = SAFE_METHODS.has(request.method) || request.headers.cookie === undefined;
    if (harmless || comesFromHere(request, allowedOrigins)) {
      next();
      return;
    }
    next(refusalOf(request, WITH_COOKIE, security));
  };
}

/**
 * Refuses forms that are not sent from our own pages, with or without a cookie: else another site could log somebody in as
 * somebody else.
 */
@Injectable()
export class OwnFormsGuard implements CanActivate {
  constructor(private readonly security: SecurityLog) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (SAFE_METHODS.has(request.method) || comesFromHere(request, [])) return true;
    throw refusalOf(request, FORM, this.security);
  }
}

function refusalOf(request: Request, detail: string, security: SecurityLog): CrossSiteRequestError {
  const refusal = new CrossSiteRequestError(detail);
  security.record('request.refused', actorOf(request), { code: refusal.code, path: request.path });
  return refusal;
}

function comesFromHere(request: Request, allowedOrigins: readonly string[]): boolean {
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  if (site === undefined && origin === undefined) return true;
  if (site === 'same-origin' || site === 'none') return true;
  if (origin === undefined) return false;
  return origin === `${request.protocol}://${request.host}` || allowedOrigins.includes(origin);
}
