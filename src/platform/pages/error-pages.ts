import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ErrorFormats, type FormattedError, prefersHtml, type Problem } from '../http/index.js';
import { toFormattedError, renderErrorPage } from './error-page.js';

/** Of the framework: no room answers at this address. */
const NOWHERE = 'route.not-found';

/** Who asks for a page and meets an error gets a page that says so. Rooms add where their pages are. */
@Injectable()
export class ErrorPages {
  private readonly paths = ['/'];

  constructor(formats: ErrorFormats) {
    formats.add('', (problem, request, path) => this.format(problem, request, path));
  }

  /** @param path of a page; all below it count too */
  add(path: string): void {
    this.paths.push(path);
  }

  private format(problem: Problem, request: Request, path: string): FormattedError | undefined {
    if (!(problem.code === NOWHERE || this.isPage(path)) || !prefersHtml(request)) return undefined;
    return toFormattedError(problem, renderErrorPage(problem, request.requestId));
  }

  private isPage(path: string): boolean {
    const asked = path.toLowerCase();
    return this.paths.some((page) => asked === page || (page !== '/' && asked.startsWith(`${page}/`)));
  }
}
