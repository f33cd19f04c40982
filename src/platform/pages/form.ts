import { type Html, html, when } from './html.js';

/** One field of a form: its label, what is said about it, and what is wrong with it. */
export interface FormField {
  readonly name: string;
  /** Its `id` in the document, where it is not its name: each may be there once. */
  readonly id?: string;
  readonly label: string;
  /** Of `<input>`; a `checkbox` is sent as `true`. */
  readonly type?: string;
  /** How many lines a text has room for, where that is more than one. */
  readonly rows?: number;
  readonly value?: string;
  readonly hint?: string;
  readonly unit?: string;
  readonly error?: string;
  readonly optional?: boolean;
  /** What else is to be said of the input: `{ autocomplete: 'username' }` */
  readonly attributes?: Readonly<Record<string, string>>;
  /** What may be chosen, as values and their words: then it is a list. */
  readonly choices?: readonly (readonly [value: string, text: string])[];
}

/** One line of what is wrong. */
export interface FormError {
  readonly message: string;
  /** The `id` of the field where it is to be put right. */
  readonly id?: string;
}

/** A labelled field; hint, unit and error are read out with it. */
export function field(of: FormField): Html {
  const { hint, error, unit, optional = false } = of;
  const id = idOf(of);
  const mark = when(optional, html` <span class="optional">(optional)</span>`);
  const control = unit === undefined ? controlOf(of) : withUnit(controlOf(of), id, unit);
  const label = html`<label for="${id}">${of.label}${mark}</label>`;
  const words = html`${maybe(hint, (text) => html`<p class="hint" id="${id}-hint">${text}</p>`)}
  ${maybe(error, (text) => html`<p class="error" id="${id}-error">${text}</p>`)}`;
  if (of.type === 'checkbox') {
    return html`<div class="field">
      <div class="choice">${control} ${label}</div>
      ${words}
    </div>`;
  }
  return html`<div class="field">${label} ${words} ${control}</div>`;
}

/** What is wrong with what was sent, at the top of the page and first to be read; nothing where nothing is. */
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

/** A message that asks for nothing. */
export function notice(text: string, tone: 'good' | 'plain' | 'bad' = 'plain'): Html {
  return html`<div class="notice ${tone}" role="status"><p>${text}</p></div>`;
}

/** A point in time that a browser, too, can read. */
export function time(at: Date): Html {
  return html`<time datetime="${at.toISOString()}">${WORDS.format(at)} UTC</time>`;
}

const WORDS = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function idOf({ id, name }: FormField): string {
  return id ?? name;
}

function controlOf(of: FormField): Html {
  const { name, type = 'text', rows, value = '', choices } = of;
  const id = idOf(of);
  const more = attributesOf(of, id);
  if (type === 'checkbox') {
    const checked = when(value === 'true', html`checked`);
    return html`<input id="${id}" name="${name}" type="checkbox" value="true" ${checked} ${more} />`;
  }
  if (rows !== undefined) {
    return html`<textarea id="${id}" name="${name}" rows="${String(rows)}" ${more}>${value}</textarea>`;
  }
  if (choices === undefined) {
    return html`<input id="${id}" name="${name}" type="${type}" value="${value}" ${more} />`;
  }
  const options = choices.map(
    ([choice, text]) => html`<option value="${choice}" ${when(choice === value, html`selected`)}>${text}</option>`,
  );
  return html`<select id="${id}" name="${name}" ${more}>
    ${options}
  </select>`;
}

function attributesOf({ type, attributes = {}, optional, hint, unit, error }: FormField, id: string): Html[] {
  const parts = { hint, unit, error };
  const described = Object.entries(parts).flatMap(([part, text]) => (text === undefined ? [] : [`${id}-${part}`]));
  const all = {
    ...attributes,
    // A box need not be ticked.
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
