import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type FormattedError, prefersHtml, type Problem, ProblemFilter } from '../platform/http/index.js';
import { asErrorAnswer, errorPage } from '../platform/pages/index.js';
import { ModelPages } from './model-pages.js';

/** Tells a browser on a model's page what went wrong, on that page; everybody else as always. */
@Catch()
export class ModelPageFilter implements ExceptionFilter {
  constructor(
    private readonly problems: ProblemFilter,
    private readonly pages: ModelPages,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    if (!isOfPage(request)) {
      this.problems.answer(error, request, response);
      return;
    }
    const plainPage = (problem: Problem): FormattedError => {
      return asErrorAnswer(problem, errorPage(problem, request.requestId));
    };
    this.pages
      .forProblem(request, response)
      .then((page) => this.problems.answer(error, request, response, page ?? plainPage))
      .catch((failure: unknown) => this.problems.answer(failure, request, response, plainPage));
  }
}

/** Whether a request is for a page, or comes from a form on one. */
export function isOfPage(request: Request): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return (isRead || isForm(request)) && prefersHtml(request);
}

function isForm({ headers }: Request): boolean {
  return /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(headers['content-type'] ?? '');
}
