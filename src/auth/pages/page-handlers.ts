import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import type { Response } from 'express';
import { AcceptsBody, AnyQuery, DomainError, problemOf, validateAs } from '../../platform/http/index.js';
import type { FormSubmission } from '../../platform/pages/index.js';
import { NotAuthenticatedError } from '../auth.errors.js';

/** The fields of a form as they were sent. */
export type FormFields = Readonly<Record<string, string>>;

/** Marks a handler that returns a page. */
export const PageHandler = (): MethodDecorator =>
  applyDecorators(AnyQuery(), Header('Content-Type', 'text/html; charset=utf-8'), HttpCode(200));

/** Marks a handler that takes a form, and returns a page. */
export const FormHandler = (): MethodDecorator =>
  applyDecorators(PageHandler(), AcceptsBody({ kinds: ['form'], purpose: 'ordinary' }));

/** Redirects the browser to a page, which it requests with GET. */
export function seeOther(response: Response, path: string): string {
  response.status(303).setHeader('Location', path);
  return '';
}

/**
 * Validates the fields of a form by the rules for JSON bodies.
 *
 * @param optional names of the fields that count as absent if they are empty
 * @throws InvalidInputError
 */
export function parseForm<T extends object>(
  type: new () => T,
  fields: FormFields | undefined,
  optional: readonly string[] = [],
): Promise<T> {
  const given = Object.entries(fields ?? {}).filter(([name, value]) => !(optional.includes(name) && value === ''));
  return validateAs(type, Object.fromEntries(given), ['body']);
}

/**
 * Runs the action of a form. After a `DomainError` it renders the form again, with the submitted values and the error.
 *
 * @param renderAgain renders the page of the form
 * @throws NotAuthenticatedError for the filter, which redirects to the login page; and any error that is no `DomainError`
 */
export async function handleForm(
  response: Response,
  submission: Omit<FormSubmission, 'error'>,
  action: () => Promise<string>,
  renderAgain: (failed: FormSubmission) => string | Promise<string>,
): Promise<string> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof DomainError) || error instanceof NotAuthenticatedError) throw error;
    const { status, headers } = problemOf(error);
    response.status(status).set({ ...headers });
    return renderAgain({ ...submission, error });
  }
}
