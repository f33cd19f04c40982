import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ErrorFormats, type FormattedError, prefersHtml, type Problem } from '../http/index.js';
import { toFormattedError, renderErrorPage } from './error-page.js';

/** Code of the error for a path without a route. */
const ROUTE_NOT_FOUND = 'route.not-found';

/** Formats errors as HTML pages for browsers, on paths without a route and on those that features add. */
@Injectable()
export class ErrorPages {
  private readonly paths = ['/'];

  constructor(formats: ErrorFormats) {
    formats.add('', (problem, request, path) => this.format(problem, request, path));
  }

  /** Adds the path of a page, and all paths below it. */
  add(path: string): void {
    this.paths.push(path);
  }

  private format(problem: Problem, request: Request, path: string): FormattedError | undefined {
    if (!(problem.code === ROUTE_NOT_FOUND || this.isPage(path)) || !prefersHtml(request)) return undefined;
    return toFormattedError(problem, renderErrorPage(problem, request.requestId));
  }

  private isPage(path: string): boolean {
    const requested = path.toLowerCase();
    return this.paths.some((page) => requested === page || (page !== '/' && requested.startsWith(`${page}/`)));
  }
}
