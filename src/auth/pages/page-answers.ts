import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import type { Response } from 'express';
import { AcceptsBody, AnyQuery, DomainError, problemOf, validateAs } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { NotAuthenticatedError } from '../auth.errors.js';

/** The fields of a form as they were sent. */
export type FormFields = Readonly<Record<string, string>>;

/** On a handler that answers with a page. */
export const PageAnswer = (): MethodDecorator =>
  applyDecorators(AnyQuery(), Header('Content-Type', 'text/html; charset=utf-8'), HttpCode(200));

/** On one that takes a form. */
export const FormAnswer = (): MethodDecorator =>
  applyDecorators(PageAnswer(), AcceptsBody({ kinds: ['form'], purpose: 'ordinary' }));

/** Sends a browser on, to be asked with GET. */
export function goTo(response: Response, path: string): string {
  response.status(303).setHeader('Location', path);
  return '';
}

/**
 * What a form says, by the same rules as JSON.
 *
 * @param optional fields that were left empty if they are
 */
export function readForm<T extends object>(
  type: new () => T,
  fields: FormFields | undefined,
  optional: readonly string[] = [],
): Promise<T> {
  const given = Object.entries(fields ?? {}).filter(([name, value]) => !(optional.includes(name) && value === ''));
  return validateAs(type, Object.fromEntries(given), ['body']);
}

/**
 * Does what a form asks for; where that fails, for a reason that its sender may know, the page is shown again.
 *
 * @param again the page, with what was sent and what is wrong with it
 */
export async function answerForm(
  response: Response,
  sent: Omit<FormSubmission, 'error'>,
  work: () => Promise<string>,
  again: (sent: FormSubmission) => string | Promise<string>,
): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error instanceof NotAuthenticatedError) throw error;
    const { status, headers } = problemOf(error);
    response.status(status).set({ ...headers });
    return again({ ...sent, error });
  }
}
