import { type Html, html, when } from './html.js';

/** A field of a form with its label, hint and error. */
export interface FormField {
  readonly name: string;
  /** Its `id`, which must be unique in the document; default `name`. */
  readonly id?: string;
  readonly label: string;
  /** Type of the `<input>`; default `text`. A `checkbox` has the value `true`. */
  readonly type?: string;
  /** Number of lines; makes the field a `<textarea>`. */
  readonly rows?: number;
  readonly value?: string;
  readonly hint?: string;
  readonly unit?: string;
  readonly error?: string;
  readonly optional?: boolean;
  /** Further attributes of the input: `{ autocomplete: 'username' }` */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Options; makes the field a `<select>`. */
  readonly choices?: readonly (readonly [value: string, text: string])[];
}

/** A line of the error summary. */
export interface FormError {
  readonly message: string;
  /** The `id` of the field with the error, which the line links to. */
  readonly id?: string;
}

/** A labelled field. Screen readers read hint, unit and error with it. */
export function field(of: FormField): Html {
  const { hint, error, unit, optional = false } = of;
  const id = idOf(of);
  const optionalMark = when(optional, html` <span class="optional">(optional)</span>`);
  const control = unit === undefined ? controlOf(of) : withUnit(controlOf(of), id, unit);
  const label = html`<label for="${id}">${of.label}${optionalMark}</label>`;
  const description = html`${maybe(hint, (text) => html`<p class="hint" id="${id}-hint">${text}</p>`)}
  ${maybe(error, (text) => html`<p class="error" id="${id}-error">${text}</p>`)}`;
  if (of.type === 'checkbox') {
    return html`<div class="field">
      <div class="choice">${control} ${label}</div>
      ${description}
    </div>`;
  }
  return html`<div class="field">${label} ${description} ${control}</div>`;
}

/** Replaces the name of a field, with which an error message begins, by its label. */
export function relabel(message: string, name: string, label: string): string {
  return message.startsWith(`${name} `) ? label + message.slice(name.length) : message;
}

/** The errors of a submission. It gets the focus when the page loads, so that screen readers read it first. Empty without errors. */
export function errorSummary(errors: readonly FormError[]): Html {
  const lines = errors.map(({ message, id }) =>
    id === undefined ? html`<li>${message}</li>` : html`<li><a href="#${id}">${message}</a></li>`,
  );
  return when(
    errors.length > 0,
    html`<div class="error-summary" role="alert" aria-labelledby="error-title" tabindex="-1" autofocus>
      <h2 id="error-title">That did not work</h2>
      <ul>
        ${lines}
      </ul>
    </div>`,
  );
}

/** A message without an action. */
export function notice(text: string, tone: 'good' | 'plain' | 'bad' = 'plain'): Html {
  return html`<div class="notice ${tone}" role="status"><p>${text}</p></div>`;
}

/** A point in time, in UTC, as `<time>`. */
export function time(at: Date): Html {
  return html`<time datetime="${at.toISOString()}">${TIME_FORMAT.format(at)} UTC</time>`;
}

const TIME_FORMAT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function idOf({ id, name }: FormField): string {
  return id ?? name;
}

function controlOf(of: FormField): Html {
  const { name, type = 'text', rows, value = '', choices } = of;
  const id = idOf(of);
  const attributes = attributesOf(of, id);
  if (type === 'checkbox') {
    const checked = when(value === 'true', html`checked`);
    return html`<input id="${id}" name="${name}" type="checkbox" value="true" ${checked} ${attributes} />`;
  }
  if (rows !== undefined) {
    return html`<textarea id="${id}" name="${name}" rows="${String(rows)}" ${attributes}>${value}</textarea>`;
  }
  if (choices === undefined) {
    return html`<input id="${id}" name="${name}" type="${type}" value="${value}" ${attributes} />`;
  }
  const options = choices.map(
    ([choice, text]) => html`<option value="${choice}" ${when(choice === value, html`selected`)}>${text}</option>`,
  );
  return html`<select id="${id}" name="${name}" ${attributes}>
    ${options}
  </select>`;
}

function attributesOf({ type, attributes = {}, optional, hint, unit, error }: FormField, id: string): Html[] {
  const parts = { hint, unit, error };
  const described = Object.entries(parts).flatMap(([part, text]) => (text === undefined ? [] : [`${id}-${part}`]));
  const all = {
    ...attributes,
    // `required` would mean that the checkbox must be checked.
    ...(optional || type === 'checkbox' ? {} : { required: '' }),
    ...(described.length > 0 ? { 'aria-describedby': described.join(' ') } : {}),
    ...(error === undefined ? {} : { 'aria-invalid': 'true' }),
  };
  return Object.entries(all).map(([name, value]) => html`${name}="${value}" `);
}

function withUnit(control: Html, id: string, unit: string): Html {
  return html`<span class="with-unit">${control} <span class="unit" id="${id}-unit">${unit}</span></span>`;
}

function maybe(text: string | undefined, markup: (text: string) => Html): Html {
  return text === undefined ? html`` : markup(text);
}
