import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { prefersHtml, ProblemFilter } from '../../platform/http/index.js';
import { ForbiddenError, FRESH_SESSION_REQUIRED, NotAuthenticatedError } from '../auth.errors.js';
import { loginPath } from './login-page.js';

/** Redirects browsers to the login page if they have to log in, or log in again. Other clients get the error. */
@Catch(NotAuthenticatedError, ForbiddenError)
export class AuthPagesFilter implements ExceptionFilter {
  constructor(private readonly problems: ProblemFilter) {}

  catch(error: NotAuthenticatedError | ForbiddenError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    const isStale = error.code === FRESH_SESSION_REQUIRED;
    if (!prefersHtml(request) || !(isStale || error instanceof NotAuthenticatedError)) this.problems.catch(error, host);
    else response.redirect(303, loginPath('/account', isStale ? 'fresh' : undefined));
  }
}
