import { type FieldError, InvalidInputError, MalformedRequestError, parseExactJson } from '../platform/http/index.js';
import { ELEMENT_RULES } from '../serving/index.js';
import type { FormControl, ModelForm } from './model-form.js';

/** The field that says how the answers to many rows are wanted: as a `page`, or as `csv`. */
export const AS_FIELD = 'as';
/** The field in which a row is written as JSON. */
export const JSON_FIELD = 'json';
/** A date and time as a browser's control sends it. */
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/;

type Texts = Readonly<Record<string, string>>;

/** The texts of a page's form without what was left empty, and with the boxes that were not ticked. */
export function textsOf(form: ModelForm, entered: Texts): Record<string, string> {
  const controls = new Map(form.kind === 'fields' ? form.controls.map((control) => [control.name, control]) : []);
  const given = Object.entries(entered).filter(([name, text]) => text !== '' || mayBeEmpty(controls.get(name)));
  const boxes = [...controls.values()].filter(({ name, kind }) => kind === 'checkbox' && !Object.hasOwn(entered, name));
  return Object.fromEntries([...given, ...boxes.map(({ name }) => [name, 'false'])]) as Record<string, string>;
}

/** The same, as values of the types that the controls are for; what cannot be read so stays a text, to be refused. */
export function valuesOf(form: ModelForm, entered: Texts): unknown {
  if (form.kind !== 'fields') return rowOfJson(entered);
  const controls = new Map(form.controls.map((control) => [control.name, control]));
  const values = Object.entries(textsOf(form, entered)).map(([name, text]) => {
    const control = controls.get(name);
    return [name, control ? valueOf(control, text) : text];
  });
  return Object.fromEntries(values);
}

/** Only a text that has to be there can be an empty one. */
function mayBeEmpty(control: FormControl | undefined): boolean {
  return control === undefined || (control.kind === 'text' && !control.isOptional);
}

function valueOf({ kind }: FormControl, text: string): unknown {
  if (kind === 'number' || kind === 'integer') return ELEMENT_RULES.float64.parse(text);
  if (kind === 'checkbox') return ELEMENT_RULES.bool.parse(text);
  return kind === 'instant' && WITHOUT_ZONE.test(text) ? `${text}Z` : text;
}

function rowOfJson(entered: Texts): unknown {
  const others = Object.keys(entered).filter((name) => name !== JSON_FIELD);
  const errors = others.map((name) => wrong(name, 'unknown', `${name} is not a known field; known: ${JSON_FIELD}`));
  if (!Object.hasOwn(entered, JSON_FIELD)) errors.push(wrong(JSON_FIELD, 'missing', 'The row is required'));
  if (errors.length > 0) throw new InvalidInputError(errors);
  try {
    return parseExactJson(entered[JSON_FIELD]!);
  } catch (error) {
    if (!(error instanceof MalformedRequestError)) throw error;
    throw new InvalidInputError([wrong(JSON_FIELD, 'json', 'The row is not well-formed JSON')]);
  }
}

function wrong(name: string, type: string, message: string): FieldError {
  return { location: ['body', name], type, message };
}
