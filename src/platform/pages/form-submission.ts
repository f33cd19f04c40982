import { type DomainError, type FieldError, InvalidInputError } from '../http/index.js';
import { type FormError, type FormField, relabel } from './form.js';

/** A submission that failed, with which its form is rendered again. */
export interface FormSubmission {
  readonly values: Readonly<Record<string, string>>;
  readonly error: DomainError;
  /** Names of fields by error code: an error with such a code is shown at the field. */
  readonly fieldByCode?: Readonly<Record<string, string>>;
}

/** The fields of a form with the submitted values, except passwords, and with their errors. */
export function bindFields(fields: readonly FormField[], submission: FormSubmission | undefined): FormField[] {
  if (submission === undefined) return [...fields];
  const errors = errorsOf(fields, submission);
  return fields.map((field) => ({
    ...field,
    value: field.type === 'password' ? undefined : (submission.values[field.name] ?? field.value),
    error: errors.find(({ name }) => name === field.name)?.message,
  }));
}

/** The errors of a submission, for `errorSummary`. */
export function formErrors(fields: readonly FormField[], submission: FormSubmission | undefined): FormError[] {
  if (submission === undefined) return [];
  return errorsOf(fields, submission).map(({ name, message }) => {
    const field = fields.find((candidate) => candidate.name === name);
    return { message, id: field && (field.id ?? field.name) };
  });
}

function errorsOf(fields: readonly FormField[], { values, error, fieldByCode = {} }: FormSubmission): NamedError[] {
  if (!(error instanceof InvalidInputError)) return [{ name: fieldByCode[error.code], message: error.message }];
  return error.errors.map((fieldError) => {
    const name = String(fieldError.location[1]);
    const field = fields.find((candidate) => candidate.name === name);
    return { name, message: field ? formatError(fieldError, field, values[name]) : fieldError.message };
  });
}

interface NamedError {
  readonly name: string | undefined;
  readonly message: string;
}

function formatError({ message }: FieldError, { name, label }: FormField, value = ''): string {
  if (value.trim() === '') return `${label} is missing`;
  return relabel(message, name, label);
}
