import { type FieldError, InvalidInputError, MalformedRequestError, parseExactJson } from '../platform/http/index.js';
import { ELEMENT_RULES } from '../serving/index.js';
import type { FormControl, ModelForm } from './model-form.js';

/** Name of the field for the format of the response to many rows: `page` or `csv`. */
export const RESPONSE_FORMAT_FIELD = 'as';
/** Name of the field for a row as JSON. */
export const JSON_FIELD = 'json';
/** A date and time as `<input type="datetime-local">` sends it. */
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/;

type Texts = Readonly<Record<string, string>>;

/** The submitted texts, without empty optional fields and with `false` for checkboxes that are not checked. */
export function submittedTexts(form: ModelForm, entered: Texts): Record<string, string> {
  const controls = new Map(form.kind === 'fields' ? form.controls.map((control) => [control.name, control]) : []);
  const given = Object.entries(entered).filter(([name, text]) => text !== '' || mayBeEmpty(controls.get(name)));
  const boxes = [...controls.values()].filter(({ name, kind }) => kind === 'checkbox' && !Object.hasOwn(entered, name));
  return Object.fromEntries([...given, ...boxes.map(({ name }) => [name, 'false'])]) as Record<string, string>;
}

/**
 * The submitted texts, parsed to the types of their controls. A text that cannot be parsed stays a string, which the validation of
 * the row refuses.
 *
 * @throws InvalidInputError if the row of a JSON form is not well-formed
 */
export function parseValues(form: ModelForm, entered: Texts): unknown {
  if (form.kind !== 'fields') return parseJsonRow(entered);
  const controls = new Map(form.controls.map((control) => [control.name, control]));
  const values = Object.entries(submittedTexts(form, entered)).map(([name, text]) => {
    const control = controls.get(name);
    return [name, control ? parseValue(control, text) : text];
  });
  return Object.fromEntries(values);
}

/** An empty string is a value only for a required text, or where it is one of the choices. */
function mayBeEmpty(control: FormControl | undefined): boolean {
  if (control === undefined || control.choices.includes('')) return true;
  return control.kind === 'text' && !control.isOptional;
}

function parseValue({ kind, type }: FormControl, text: string): unknown {
  if (type === 'number' || type === 'integer') return ELEMENT_RULES.float64.parse(text);
  if (type === 'boolean') return ELEMENT_RULES.bool.parse(text);
  return kind === 'instant' && WITHOUT_ZONE.test(text) ? `${text}Z` : text;
}

function parseJsonRow(entered: Texts): unknown {
  const others = Object.keys(entered).filter((name) => name !== JSON_FIELD);
  const errors = others.map((name) =>
    fieldError(name, 'unknown', `${name} is not a known field; known: ${JSON_FIELD}`),
  );
  if (!Object.hasOwn(entered, JSON_FIELD)) errors.push(fieldError(JSON_FIELD, 'missing', 'The row is required'));
  if (errors.length > 0) throw new InvalidInputError(errors);
  try {
    return parseExactJson(entered[JSON_FIELD]!);
  } catch (error) {
    if (!(error instanceof MalformedRequestError)) throw error;
    throw new InvalidInputError([fieldError(JSON_FIELD, 'json', 'The row is not well-formed JSON')]);
  }
}

function fieldError(name: string, type: string, message: string): FieldError {
  return { location: ['body', name], type, message };
}
