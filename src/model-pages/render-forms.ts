import { MAX_FORM_FILES, type Problem } from '../platform/http/index.js';
import { errorSummary, field, type FormError, type Html, html, relabel, when } from '../platform/pages/index.js';
import type { Predictions } from '../inference/index.js';
import { formatLabel } from './format.js';
import { JSON_FIELD, RESPONSE_FORMAT_FIELD } from './form-values.js';
import type { FormControl, ModelForm } from './model-form.js';

/** The forms of a page, by the `id` of the element: for one row or picture, and for a file of rows or many pictures. */
export type FormId = 'ask' | 'rows';

/** What was submitted with one of the forms, and the outcome. */
export interface FormState {
  readonly submitted: FormId;
  /** The values of the fields. Undefined: the fields have the values of the example. */
  readonly entered?: Readonly<Record<string, string>>;
  readonly problem?: Problem;
  readonly predictions?: Predictions;
}

const JSON_LINES = 14;
const MAX_ERRORS = 20;
/** Characters of an error message, which may quote the input. */
const MAX_MESSAGE = 500;
/** Pixels of the largest image that can be drawn on the pad. */
const MAX_PAD_PIXELS = 64 * 64;

/** Renders the error summary, with links to the fields; empty if there is no problem. */
export function renderProblem(form: ModelForm, { problem, submitted }: FormState): Html {
  if (problem === undefined) return html``;
  const errors = problem.errors ?? [{ location: [], message: problem.detail }];
  const summary = errorSummary(
    errors.slice(0, MAX_ERRORS).map(({ location, message }): FormError => {
      const id = submitted === 'rows' ? undefined : idFor(form, location[1]);
      return { message: withLabel(form, location, message), ...(id === undefined ? {} : { id }) };
    }),
  );
  return html`<div id="result">${summary}</div>`;
}

/** Renders the form for one row, or for one picture. */
export function renderRowForm(model: string, form: ModelForm, state: FormState): Html {
  if (form.kind === 'image') return renderImageForm(model, form);
  const fields =
    form.kind === 'fields'
      ? form.controls.map((control, index) => renderControl(control, index, state))
      : [renderJsonField(form.initial, state)];
  return html`<form class="form ask" id="ask" method="post" action="${actionOf(model)}" data-live="ask">
    ${fields}
    <button class="button" type="submit">Predict</button>
  </form>`;
}

/** Renders the form for a file of rows, or for many pictures. Members get a button for a job, which needs JavaScript. */
export function renderBatchForm(model: string, form: ModelForm, maxRows: number, isMember: boolean): Html {
  const { label, hint, attributes } = form.kind === 'image' ? PICTURES : rowsFile(form, maxRows);
  const jobs = html`<button class="button quiet" type="button" data-jobs="/models/${model}/jobs" hidden>
    Predict in the background
  </button>`;
  return html`<form
    class="form rows"
    id="rows"
    method="post"
    enctype="multipart/form-data"
    action="${actionOf(model)}"
    data-live="rows"
  >
    ${field({ name: 'file', id: 'rows-file', label, type: 'file', hint, attributes })}
    <div class="buttons">
      <button class="button" type="submit" name="${RESPONSE_FORMAT_FIELD}" value="page">Show predictions</button>
      <button class="button quiet" type="submit" name="${RESPONSE_FORMAT_FIELD}" value="csv">Download as CSV</button>
      ${when(isMember, jobs)}
    </div>
  </form>`;
}

interface FileField {
  readonly label: string;
  readonly hint: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const IMAGES = 'image/png,image/jpeg,image/webp';
const PICTURES: FileField = {
  label: 'Pictures',
  hint: `PNG, JPEG or WebP. At most ${MAX_FORM_FILES} at once.`,
  attributes: { accept: IMAGES, multiple: '' },
};

function rowsFile(form: ModelForm, maxRows: number): FileField {
  const columns = form.kind === 'fields' ? form.controls.map(({ name }) => name).join(', ') : undefined;
  const formats =
    columns === undefined ? 'JSON lines or a JSON array' : `CSV with the columns ${columns}; or JSON lines`;
  const hint = `${formats}. At most ${maxRows.toLocaleString('en')} rows at once.`;
  return { label: 'File of rows', hint, attributes: { accept: '.csv,.jsonl,.ndjson,.json,text/csv,application/json' } };
}

/** The fragment scrolls to the result or the error summary. */
function actionOf(model: string): string {
  return `/models/${model}/predict#result`;
}

function renderImageForm(model: string, { width, height, channels }: ModelForm & { kind: 'image' }): Html {
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
      action="${actionOf(model)}"
      data-live="ask"
    >
      ${picture}
      <button class="button" type="submit">Predict</button>
    </form>`;
}

function renderControl(control: FormControl, index: number, { entered, problem, submitted }: FormState): Html {
  const { name, kind, unit, choices, isOptional } = control;
  return field({
    name,
    id: idAt(index),
    label: labelOf(control),
    type: INPUT_TYPES[kind],
    value: valueOf(control, entered),
    hint: hintOf(control),
    ...(unit === undefined ? {} : { unit }),
    ...(submitted === 'rows' ? {} : errorOf(control, problem)),
    optional: isOptional,
    attributes: attributesOf(control),
    ...(kind === 'choice' ? { choices: choicesOf(choices, isOptional) } : {}),
  });
}

const INPUT_TYPES: Record<FormControl['kind'], string> = {
  number: 'number',
  integer: 'number',
  text: 'text',
  checkbox: 'checkbox',
  choice: 'text',
  instant: 'datetime-local',
};

/** Browsers do not send a checkbox that is not checked. */
function valueOf({ name, initial }: FormControl, entered: FormState['entered']): string {
  if (entered === undefined) return initial;
  return Object.hasOwn(entered, name) ? entered[name]! : '';
}

function errorOf(control: FormControl, problem: Problem | undefined): { error?: string } {
  const found = problem?.errors?.find(({ location }) => location[1] === control.name);
  return found ? { error: relabel(found.message, control.name, labelOf(control)) } : {};
}

function choicesOf(choices: readonly string[], isOptional: boolean): [string, string][] {
  const all = choices.map((choice): [string, string] => [choice, choice]);
  return isOptional ? [['', ''], ...all] : all;
}

/** Attributes for the validation by the browser; the model validates again. */
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
  const parts = [description, formatRange(minimum, maximum)].filter((part) => part !== undefined && part !== '');
  return parts.length > 0 ? parts.join('; ') : undefined;
}

function formatRange(minimum: number | undefined, maximum: number | undefined): string | undefined {
  if (minimum !== undefined && maximum !== undefined) {
    // The greatest safe integer is a limit of the type, not of the feature.
    return maximum >= Number.MAX_SAFE_INTEGER ? formatRange(minimum, undefined) : `${minimum} to ${maximum}`;
  }
  if (minimum !== undefined) return `at least ${minimum}`;
  return maximum === undefined ? undefined : `at most ${maximum}`;
}

function renderJsonField(initial: string, { entered, problem, submitted }: FormState): Html {
  const [first] = submitted === 'rows' ? [] : (problem?.errors ?? []);
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
  return index < 0 ? undefined : idAt(index);
}

function withLabel(form: ModelForm, [, name]: readonly (string | number)[], message: string): string {
  const controls = form.kind === 'fields' ? form.controls : [];
  const control = controls.find((candidate) => candidate.name === name);
  return control ? relabel(message, control.name, labelOf(control)) : message.slice(0, MAX_MESSAGE);
}

function labelOf({ name, kind }: FormControl): string {
  return kind === 'instant' ? `${formatLabel(name)} (UTC)` : formatLabel(name);
}
