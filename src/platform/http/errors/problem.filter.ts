import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Log } from '../../logging/index.js';
import { DomainError, type DomainErrorKind, InvalidInputError } from './domain-error.js';
import { ErrorFormats, type FormattedError } from './error-formats.js';
import { ErrorTranslators } from './error-translators.js';
import type { Problem } from './problem.js';

const STATUS: Record<DomainErrorKind, number> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-acceptable': 406,
  timeout: 408,
  conflict: 409,
  stale: 412,
  'too-large': 413,
  'unsupported-media-type': 415,
  'expectation-failed': 417,
  invalid: 422,
  'rate-limited': 429,
  'headers-too-large': 431,
  internal: 500,
  unavailable: 503,
  deadline: 504,
  'storage-full': 507,
};

/** Codes of Nest's own errors. Their messages are not sent to clients. */
const FRAMEWORK: Record<number, { code: string; detail: string }> = {
  400: { code: 'request.malformed', detail: 'The request is malformed.' },
  404: { code: 'route.not-found', detail: 'There is nothing at this address.' },
};

const INTERNAL = { code: 'internal', detail: 'Something went wrong here. Quote the request id when you report it.' };

/**
 * Turns every error into `application/problem+json` (RFC 9457), or into the format of `ErrorFormats` for the path. An
 * unexpected error is logged, and the response contains no details of it.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly translators: ErrorTranslators,
    private readonly formats: ErrorFormats,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** @param asPage formats the error as a page, for a client that prefers HTML */
  answer(error: unknown, request: Request, response: Response, asPage?: (problem: Problem) => FormattedError): void {
    const problem = this.describe(error);
    if (problem.status >= 500) this.logFailure(error, problem.code, request.requestId);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const formatted = asPage ? asPage(problem) : this.formats.format(problem, request);
    send(formatted ?? formatProblem(problem, request.requestId), problem.headers, request, response);
  }

  /** Logs what the client does not see: an unexpected error, or the cause of a domain error. */
  private logFailure(error: unknown, code: string, requestId: string): void {
    if (code === INTERNAL.code) this.log.lines.error({ requestId, err: error }, 'unexpected error');
    else if (error instanceof Error && error.cause)
      this.log.lines.warn({ requestId, code, err: error.cause }, 'failure');
  }

  private describe(error: unknown): Problem {
    const domainError = error instanceof DomainError ? error : this.translators.translate(error);
    if (domainError) return problemOf(domainError);
    if (error instanceof HttpException) return fromFramework(error);
    return { status: 500, ...INTERNAL };
  }
}

function statusOf({ kind }: DomainError): number {
  return STATUS[kind];
}

/** The content of the response to an error. */
export function problemOf(error: DomainError): Problem {
  const retry: Record<string, string> =
    error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) };
  return {
    status: statusOf(error),
    code: error.code,
    detail: error.message,
    headers: { ...retry, ...error.headers },
    errors: error instanceof InvalidInputError ? error.errors : undefined,
  };
}

function fromFramework(error: HttpException): Problem {
  const status = error.getStatus();
  if (status >= 500) return { status: 500, ...INTERNAL };
  const known = FRAMEWORK[status];
  return { status, code: known?.code ?? `http.${status}`, detail: known?.detail ?? STATUS_CODES[status] ?? 'Error' };
}

function formatProblem({ status, code, detail, errors }: Problem, requestId: string): FormattedError {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = { type: `urn:barista:problem:${code}`, title, status, code, detail, requestId, errors };
  return { status, contentType: 'application/problem+json', body };
}

function send(
  { status, contentType, body, vary }: FormattedError,
  headers: Problem['headers'],
  request: Request,
  response: Response,
): void {
  response.status(status);
  response.set({ 'Cache-Control': 'no-store', ...headers });
  if (vary !== undefined) response.vary(vary);
  response.removeHeader('ETag');
  response.setHeader('Content-Type', contentType);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.end(request.method === 'HEAD' ? undefined : text);
}
