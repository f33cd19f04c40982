import type { Request } from 'express';
import { prefersHtml } from '../platform/http/index.js';

const FORM_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i;

/**
 * Content negotiation of `/models`: whether a request gets HTML. All other requests get JSON. This is the only place that
 * decides it.
 *
 *     request                                    `Accept` prefers HTML to JSON    otherwise, or a tie
 *     GET, HEAD                                  HTML                             JSON
 *     POST of a form (urlencoded or multipart)   HTML                             JSON
 *     POST of any other body (JSON, CSV, …)      JSON                             JSON
 *
 * An error has the format that the response would have had.
 */
export function wantsHtml(request: Request): boolean {
  return (isRead(request) || isFormSubmission(request)) && prefersHtml(request);
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isFormSubmission({ headers }: Request): boolean {
  return FORM_TYPE.test(headers['content-type'] ?? '');
}
