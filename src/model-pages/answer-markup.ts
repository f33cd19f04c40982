import { stringifyExactJson } from '../platform/http/index.js';
import { type Html, html, when } from '../platform/pages/index.js';
import type { Predictions } from '../inference/index.js';
import { inDigits, inPercent, inWords } from './words.js';

/** The most probable of them. */
const MAX_BARS = 20;
const MAX_ROWS = 20;
/** Characters of an output that is no plain value. */
const MAX_TEXT = 2_000;
const MAX_CELL = 60;

/** What the model has answered: to one row in full, to many as a table of the first ones. */
export function answerMarkup({ model, version, predictions }: Predictions): Html {
  const [first] = predictions;
  const content = predictions.length === 1 ? oneAnswer(first) : manyAnswers(predictions);
  return html`<div class="answer" id="result">
    <h3>${predictions.length === 1 ? 'Answer' : `Answers to ${predictions.length} rows`}</h3>
    ${content}
    <p class="hint">From version ${version} of ${model}.</p>
  </div>`;
}

function oneAnswer(prediction: unknown): Html {
  if (typeof prediction !== 'object' || prediction === null) return html`<p class="verdict">${plain(prediction)}</p>`;
  const { label, value, probabilities, index, ...others } = prediction as Record<string, unknown>;
  const verdict = label ?? value;
  const rest = { ...(label === undefined ? { index } : {}), ...(label === undefined ? {} : { value }), ...others };
  const named = Object.entries(rest).filter(([, output]) => output !== undefined);
  return html`${when(verdict !== undefined, html`<p class="verdict">${plain(verdict)}</p>`)}
  ${isShares(probabilities) ? bars(probabilities) : outputs({ probabilities })} ${outputs(Object.fromEntries(named))}`;
}

function bars(probabilities: Readonly<Record<string, number>>): Html {
  const ranked = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  const others = ranked.length - MAX_BARS;
  return html`<table class="bars">
      <caption>
        Probabilities
      </caption>
      <tbody>
        ${ranked.slice(0, MAX_BARS).map(([label, share]) => bar(label, share))}
      </tbody>
    </table>
    ${when(others > 0, html`<p class="hint">And ${String(others)} more that are less probable.</p>`)}`;
}

/** The text says what the bar shows. */
function bar(label: string, share: number): Html {
  const meter = html`<meter min="0" max="1" value="${String(share)}" aria-hidden="true"></meter>`;
  return html`<tr>
    <th scope="row">${label}</th>
    <td class="bar">${meter}</td>
    <td class="number">${inPercent(share)}</td>
  </tr>`;
}

function outputs(named: Readonly<Record<string, unknown>>): Html {
  const entries = Object.entries(named).filter(([, value]) => value !== undefined);
  const facts = html`<dl class="facts">
    ${entries.map(
      ([name, value]) =>
        html`<dt>${inWords(name)}</dt>
          <dd>${isPlain(value) ? html`${plain(value)}` : nested(name, value)}</dd>`,
    )}
  </dl>`;
  return when(entries.length > 0, facts);
}

/** Focusable, so that a keyboard can scroll it. */
function nested(name: string, value: unknown): Html {
  return html`<pre tabindex="0" role="group" aria-label="${inWords(name)}">${shortened(value, MAX_TEXT)}</pre>`;
}

function manyAnswers(predictions: readonly unknown[]): Html {
  const shown = predictions.slice(0, MAX_ROWS).map(cellsOf);
  const columns = [...new Set(shown.flatMap((cells) => Object.keys(cells)))];
  const rows = shown.map(
    (cells, index) =>
      html`<tr>
        <th scope="row">${String(index + 1)}</th>
        ${columns.map((column) => html`<td>${cells[column] ?? ''}</td>`)}
      </tr>`,
  );
  return html`<div class="table" tabindex="0" role="group" aria-label="Answers">
      <table>
        <thead>
          <tr>
            <th scope="col">Row</th>
            ${columns.map((column) => html`<th scope="col">${inWords(column)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${when(predictions.length > MAX_ROWS, html`<p class="hint">These are the first ${String(MAX_ROWS)}.</p>`)}`;
}

/** With how probable the label is, in place of how probable each one is. */
function cellsOf(prediction: unknown): Record<string, string> {
  if (typeof prediction !== 'object' || prediction === null) return { answer: plain(prediction) };
  const { label, index, probabilities, ...others } = prediction as Record<string, unknown>;
  const share = isShares(probabilities) && typeof label === 'string' ? probabilities[label] : undefined;
  const cells = {
    ...(label === undefined ? { index } : { label }),
    ...(share === undefined ? { probabilities } : { probability: inPercent(share) }),
    ...others,
  };
  const given = Object.entries(cells).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [name, isPlain(value) ? plain(value) : shortened(value, MAX_CELL)]),
  );
}

function isShares(value: unknown): value is Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((share) => typeof share === 'number' && share >= 0 && share <= 1.000_001);
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function plain(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return inDigits(value);
  return typeof value === 'string' ? value : shortened(value, MAX_TEXT);
}

function shortened(value: unknown, length: number): string {
  const text = stringifyExactJson(value) ?? '';
  return text.length > length ? `${text.slice(0, length)} …` : text;
}
