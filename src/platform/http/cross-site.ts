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
 * Middleware that rejects writes with our cookie that another site makes a browser send (CSRF). Browsers send the origin of a
 * request in `Sec-Fetch-Site`, and older ones in `Origin`. A client that sends neither header is not a browser.
 */
export function refuseCrossSiteWrites(allowedOrigins: readonly string[], security: SecurityLog) {
  return (request: Request, _: Response, next: NextFunction): void => {
    const isSafe = SAFE_METHODS.has(request.method) || request.headers.cookie === undefined;
    if (isSafe || isSameSite(request, allowedOrigins)) {
      next();
      return;
    }
    next(recordRejection(request, WITH_COOKIE, security));
  };
}

/**
 * Rejects forms that are not submitted from our own pages, with or without a cookie. Otherwise another site could log a user
 * in to a different account (login CSRF).
 */
@Injectable()
export class SameOriginFormGuard implements CanActivate {
  constructor(private readonly security: SecurityLog) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (SAFE_METHODS.has(request.method) || isSameSite(request, [])) return true;
    throw recordRejection(request, FORM, this.security);
  }
}

function recordRejection(request: Request, detail: string, security: SecurityLog): CrossSiteRequestError {
  const error = new CrossSiteRequestError(detail);
  security.record('request.refused', actorOf(request), { code: error.code, path: request.path });
  return error;
}

function isSameSite(request: Request, allowedOrigins: readonly string[]): boolean {
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  if (site === undefined && origin === undefined) return true;
  if (site === 'same-origin' || site === 'none') return true;
  if (origin === undefined) return false;
  return origin === `${request.protocol}://${request.host}` || allowedOrigins.includes(origin);
}
