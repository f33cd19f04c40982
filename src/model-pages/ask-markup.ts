import { MAX_FORM_FILES, type Problem } from '../platform/http/index.js';
import { errorSummary, field, type FormError, type Html, html, when } from '../platform/pages/index.js';
import type { FormControl, ModelForm } from './model-form.js';
import { AS_FIELD, JSON_FIELD } from './read-form.js';
import { inWords } from './words.js';

/** A form, and what became of it when it was sent. */
export interface Asked {
  readonly model: string;
  readonly form: ModelForm;
  /** Which of the page's forms was sent. */
  readonly part: 'ask' | 'rows';
  /** What was filled in; else the example is. */
  readonly entered: Readonly<Record<string, string>> | undefined;
  readonly problem: Problem | undefined;
}

const JSON_LINES = 14;
/** Nobody reads more. */
const MAX_ERRORS = 20;
/** Characters: it may quote what was sent. */
const MAX_MESSAGE = 500;
/** A picture of more pixels is not drawn by hand. */
const MAX_PAD_PIXELS = 64 * 64;

/** What is wrong with what was sent, with links to the fields; nothing where nothing is. */
export function problemMarkup({ form, problem, part }: Asked): Html {
  if (problem === undefined) return html``;
  const errors = problem.errors ?? [{ location: [], message: problem.detail }];
  const summary = errorSummary(
    errors.slice(0, MAX_ERRORS).map(({ location, message }): FormError => {
      const id = part === 'rows' ? undefined : idFor(form, location[1]);
      return { message: withLabel(form, location, message), ...(id === undefined ? {} : { id }) };
    }),
  );
  return html`<div id="result">${summary}</div>`;
}

/** The form for one row, or for one picture. */
export function formMarkup(asked: Asked): Html {
  const { model, form } = asked;
  if (form.kind === 'image') return imageForm(model, form);
  const fields =
    form.kind === 'fields'
      ? form.controls.map((control, index) => controlMarkup(control, index, asked))
      : [jsonMarkup(form.initial, asked)];
  return html`<form class="form ask" id="ask" method="post" action="${addressOf(model)}" data-live="ask">
    ${fields}
    <button class="button" type="submit">Predict</button>
  </form>`;
}

/** The form for a file of rows, or for pictures; members can have more scored in the background, where there is a script. */
export function manyForm(model: string, form: ModelForm, maxRows: number, isMember: boolean): Html {
  const { label, hint, attributes } = form.kind === 'image' ? PICTURES : rowsFile(form, maxRows);
  const jobs = html`<button class="button quiet" type="button" data-jobs="/models/${model}/jobs" hidden>
    Score them in the background
  </button>`;
  return html`<form
    class="form rows"
    id="rows"
    method="post"
    enctype="multipart/form-data"
    action="${addressOf(model)}"
    data-live="rows"
  >
    ${field({ name: 'file', id: 'rows-file', label, type: 'file', hint, attributes })}
    <div class="buttons">
      <button class="button" type="submit" name="${AS_FIELD}" value="page">Show the answers</button>
      <button class="button quiet" type="submit" name="${AS_FIELD}" value="csv">Download them as CSV</button>
      ${when(isMember, jobs)}
    </div>
  </form>`;
}

/** What is to be chosen in a form's field for files. */
interface Chooser {
  readonly label: string;
  readonly hint: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const IMAGES = 'image/png,image/jpeg,image/webp';
const PICTURES: Chooser = {
  label: 'Pictures',
  hint: `PNG, JPEG or WebP. At most ${MAX_FORM_FILES} at once.`,
  attributes: { accept: IMAGES, multiple: '' },
};

function rowsFile(form: ModelForm, maxRows: number): Chooser {
  const columns = form.kind === 'fields' ? form.controls.map(({ name }) => name).join(', ') : undefined;
  const formats =
    columns === undefined ? 'JSON lines or a JSON array' : `CSV with the columns ${columns}; or JSON lines`;
  const hint = `${formats}. At most ${maxRows.toLocaleString('en')} rows at once.`;
  return { label: 'File of rows', hint, attributes: { accept: '.csv,.jsonl,.ndjson,.json,text/csv,application/json' } };
}

/** The answer stands right below the form, and so does what is wrong with it above. */
function addressOf(model: string): string {
  return `/models/${model}/predict#result`;
}

function imageForm(model: string, { width, height, channels }: ModelForm & { kind: 'image' }): Html {
  const hint = `PNG, JPEG or WebP; it is scaled to ${width} × ${height} pixels.`;
  const canDraw = channels === 1 && width * height <= MAX_PAD_PIXELS;
  const picture = field({
    name: 'file',
    id: 'picture',
    label: 'Picture',
    type: 'file',
    hint,
    attributes: { accept: IMAGES },
  });
  const pad = html`<div
    class="pad"
    id="pad"
    data-width="${String(width)}"
    data-height="${String(height)}"
    hidden
  ></div>`;
  return html`${when(canDraw, pad)}
    <form
      class="form ask"
      id="ask"
      method="post"
      enctype="multipart/form-data"
      action="${addressOf(model)}"
      data-live="ask"
    >
      ${picture}
      <button class="button" type="submit">Predict</button>
    </form>`;
}

function controlMarkup(control: FormControl, index: number, { entered, problem, part }: Asked): Html {
  const { name, kind, unit, choices, isOptional } = control;
  return field({
    name,
    id: idAt(index),
    label: labelOf(control),
    type: TYPES[kind],
    value: valueOf(control, entered),
    hint: hintOf(control),
    ...(unit === undefined ? {} : { unit }),
    ...(part === 'rows' ? {} : errorOf(control, problem)),
    optional: isOptional,
    attributes: attributesOf(control),
    ...(kind === 'choice' ? { choices: choicesOf(choices, isOptional) } : {}),
  });
}

const TYPES: Record<FormControl['kind'], string> = {
  number: 'number',
  integer: 'number',
  text: 'text',
  checkbox: 'checkbox',
  choice: 'text',
  instant: 'datetime-local',
};

/** What is not there was not ticked, or was left empty. */
function valueOf({ name, initial }: FormControl, entered: Asked['entered']): string {
  if (entered === undefined) return initial;
  return Object.hasOwn(entered, name) ? entered[name]! : '';
}

function errorOf(control: FormControl, problem: Problem | undefined): { error?: string } {
  const found = problem?.errors?.find(({ location }) => location[1] === control.name);
  return found ? { error: relabelled(control, found.message) } : {};
}

function choicesOf(choices: readonly string[], isOptional: boolean): [string, string][] {
  const all = choices.map((choice): [string, string] => [choice, choice]);
  return isOptional ? [['', ''], ...all] : all;
}

/** Browsers check what is filled in by these; and so does the model. */
function attributesOf({ kind, minimum, maximum }: FormControl): Record<string, string> {
  if (kind === 'instant') return { step: '1' };
  if (kind !== 'number' && kind !== 'integer') return {};
  return {
    step: kind === 'integer' ? '1' : 'any',
    inputmode: kind === 'integer' ? 'numeric' : 'decimal',
    ...(minimum === undefined ? {} : { min: String(minimum) }),
    ...(maximum === undefined ? {} : { max: String(maximum) }),
  };
}

function hintOf({ description, minimum, maximum }: FormControl): string | undefined {
  const words = [description, rangeOf(minimum, maximum)].filter((part) => part !== undefined && part !== '');
  return words.length > 0 ? words.join('; ') : undefined;
}

function rangeOf(minimum: number | undefined, maximum: number | undefined): string | undefined {
  if (minimum !== undefined && maximum !== undefined) {
    // The greatest integer of a computer says nothing to people.
    return maximum >= Number.MAX_SAFE_INTEGER ? rangeOf(minimum, undefined) : `${minimum} to ${maximum}`;
  }
  if (minimum !== undefined) return `at least ${minimum}`;
  return maximum === undefined ? undefined : `at most ${maximum}`;
}

function jsonMarkup(initial: string, { entered, problem, part }: Asked): Html {
  const [first] = part === 'rows' ? [] : (problem?.errors ?? []);
  return field({
    name: JSON_FIELD,
    id: idAt(0),
    label: 'Row, as JSON',
    rows: JSON_LINES,
    value: entered === undefined ? initial : (entered[JSON_FIELD] ?? ''),
    hint: 'An object with a value for each input; arrays have the shape that the model takes.',
    ...(first === undefined ? {} : { error: first.message.slice(0, MAX_MESSAGE) }),
    attributes: { spellcheck: 'false', autocapitalize: 'off' },
  });
}

function idAt(index: number): string {
  return `value-${index + 1}`;
}

function idFor(form: ModelForm, name: string | number | undefined): string | undefined {
  if (form.kind === 'json') return idAt(0);
  const index = form.kind === 'fields' ? form.controls.findIndex((control) => control.name === name) : -1;
  return index === -1 ? undefined : idAt(index);
}

function withLabel(form: ModelForm, [, name]: readonly (string | number)[], message: string): string {
  const controls = form.kind === 'fields' ? form.controls : [];
  const control = controls.find((candidate) => candidate.name === name);
  return control ? relabelled(control, message) : message.slice(0, MAX_MESSAGE);
}

/** Messages begin with the field's name; people see its label. */
function relabelled(control: FormControl, message: string): string {
  const { name } = control;
  return message.startsWith(`${name} `) ? `${labelOf(control)} ${message.slice(name.length + 1)}` : message;
}

function labelOf({ name, kind }: FormControl): string {
  return kind === 'instant' ? `${inWords(name)} (UTC)` : inWords(name);
}
