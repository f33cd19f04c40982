import { type DomainError, type FieldError, InvalidInputError } from '../http/index.js';
import type { FormError, FormField } from './form.js';

/** What was sent with a form that is shown again, and why it is. */
export interface FormSubmission {
  readonly values: Readonly<Record<string, string>>;
  readonly error: DomainError;
  /** The names of the fields at which errors of certain codes are shown. */
  readonly fieldByCode?: Readonly<Record<string, string>>;
}

/** The fields of a form as they were sent, but for passwords, each with what is wrong with it. */
export function bindFields(fields: readonly FormField[], sent: FormSubmission | undefined): FormField[] {
  if (sent === undefined) return [...fields];
  const errors = errorsOf(fields, sent);
  return fields.map((field) => ({
    ...field,
    value: field.type === 'password' ? undefined : (sent.values[field.name] ?? field.value),
    error: errors.find(({ name }) => name === field.name)?.message,
  }));
}

/** All that is wrong, for the summary. */
export function formErrors(fields: readonly FormField[], sent: FormSubmission | undefined): FormError[] {
  if (sent === undefined) return [];
  return errorsOf(fields, sent).map(({ name, message }) => {
    const field = fields.find((candidate) => candidate.name === name);
    return { message, id: field && (field.id ?? field.name) };
  });
}

function errorsOf(fields: readonly FormField[], { values, error, fieldByCode = {} }: FormSubmission): NamedError[] {
  if (!(error instanceof InvalidInputError)) return [{ name: fieldByCode[error.code], message: error.message }];
  return error.errors.map((wrong) => {
    const name = String(wrong.location[1]);
    const field = fields.find((candidate) => candidate.name === name);
    return { name, message: field ? wordsFor(wrong, field, values[name]) : wrong.message };
  });
}

interface NamedError {
  readonly name: string | undefined;
  readonly message: string;
}

/** Rules speak of fields by their names; whoever fills in a form knows their labels. */
function wordsFor({ message }: FieldError, { name, label }: FormField, value = ''): string {
  if (value.trim() === '') return `${label} is missing`;
  return message.startsWith(`${name} `) ? label + message.slice(name.length) : message;
}
