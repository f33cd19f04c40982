import { stringifyExactJson } from '../platform/http/index.js';
import { type Html, html, when } from '../platform/pages/index.js';
import type { Predictions } from '../inference/index.js';
import { formatLabel, formatNumber, formatPercent } from './format.js';

/** Bars of the most probable labels. */
const MAX_BARS = 20;
const MAX_ROWS = 20;
/** Characters of an array or object, as JSON. */
const MAX_TEXT = 2_000;
const MAX_CELL = 60;
/** Probabilities of float32 may exceed 1 by rounding. */
const MAX_PROBABILITY = 1.000_001;

/** Renders the prediction for one row in full, or those for many rows as a table of the first ones. */
export function renderPredictions({ model, version, predictions }: Predictions): Html {
  const [first] = predictions;
  const content = predictions.length === 1 ? renderPrediction(first) : renderTable(predictions);
  return html`<div class="answer" id="result">
    <h3>${predictions.length === 1 ? 'Prediction' : `Predictions for ${predictions.length} rows`}</h3>
    ${content}
    <p class="hint">From version ${version} of ${model}.</p>
  </div>`;
}

function renderPrediction(prediction: unknown): Html {
  if (!isObject(prediction)) return html`<p class="verdict">${formatScalar(prediction)}</p>`;
  const { label, labels, value, values, probabilities, index, ...others } = prediction;
  const result =
    label ?? (isList(labels) ? labels.join(', ') || 'none' : undefined) ?? (isObject(value) ? undefined : value);
  const rest = {
    ...(label === undefined ? { index } : {}),
    ...(result === value ? {} : { value }),
    ...(isObject(values) ? values : {}),
    ...others,
  };
  return html`${when(result !== undefined, html`<p class="verdict">${formatScalar(result)}</p>`)}
  ${isProbabilities(probabilities) ? renderBars(probabilities) : renderOutputs({ probabilities })}
  ${renderOutputs(rest)}`;
}

function renderBars(probabilities: Readonly<Record<string, number>>): Html {
  const ranked = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  const others = ranked.length - MAX_BARS;
  return html`<table class="bars">
      <caption>
        Probabilities
      </caption>
      <tbody>
        ${ranked.slice(0, MAX_BARS).map(([label, probability]) => renderBar(label, probability))}
      </tbody>
    </table>
    ${when(others > 0, html`<p class="hint">And ${String(others)} more that are less probable.</p>`)}`;
}

/** The bar is hidden from screen readers: the text has the same value. */
function renderBar(label: string, probability: number): Html {
  const meter = html`<meter min="0" max="1" value="${String(probability)}" aria-hidden="true"></meter>`;
  return html`<tr>
    <th scope="row">${label}</th>
    <td class="bar">${meter}</td>
    <td class="number">${formatPercent(probability)}</td>
  </tr>`;
}

function renderOutputs(outputs: Readonly<Record<string, unknown>>): Html {
  const entries = Object.entries(outputs).filter(([, value]) => value !== undefined);
  const list = html`<dl class="facts">
    ${entries.map(
      ([name, value]) =>
        html`<dt>${formatLabel(name)}</dt>
          <dd>${isObject(value) ? renderJson(name, value) : html`${formatScalar(value)}`}</dd>`,
    )}
  </dl>`;
  return when(entries.length > 0, list);
}

/** Focusable, so that it can be scrolled with the keyboard. */
function renderJson(name: string, value: unknown): Html {
  return html`<pre tabindex="0" role="group" aria-label="${formatLabel(name)}">${truncatedJson(value, MAX_TEXT)}</pre>`;
}

function renderTable(predictions: readonly unknown[]): Html {
  const shown = predictions.slice(0, MAX_ROWS).map(cellsOf);
  const columns = [...new Set(shown.flatMap((cells) => Object.keys(cells)))];
  const rows = shown.map(
    (cells, index) =>
      html`<tr>
        <th scope="row">${String(index + 1)}</th>
        ${columns.map((column) => html`<td>${cells[column] ?? ''}</td>`)}
      </tr>`,
  );
  return html`<div class="table" tabindex="0" role="group" aria-label="Predictions">
      <table>
        <thead>
          <tr>
            <th scope="col">Row</th>
            ${columns.map((column) => html`<th scope="col">${formatLabel(column)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${when(predictions.length > MAX_ROWS, html`<p class="hint">These are the first ${String(MAX_ROWS)}.</p>`)}`;
}

/** The cells of a row by column, with the probability of the predicted label in place of all probabilities. */
function cellsOf(prediction: unknown): Record<string, string> {
  if (!isObject(prediction)) return { prediction: formatScalar(prediction) };
  const { label, labels, index, probabilities, values, ...others } = prediction;
  const probability = isProbabilities(probabilities) && typeof label === 'string' ? probabilities[label] : undefined;
  const cells = {
    ...(label === undefined ? { index } : { label }),
    ...(isList(labels) ? { labels: labels.join(', ') } : {}),
    ...(isObject(values) ? values : {}),
    ...(probability === undefined ? { probabilities } : { probability: formatPercent(probability) }),
    ...others,
  };
  const present = Object.entries(cells).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    present.map(([name, value]) => [name, isObject(value) ? truncatedJson(value, MAX_CELL) : formatScalar(value)]),
  );
}

function isProbabilities(value: unknown): value is Readonly<Record<string, number>> {
  if (!isObject(value)) return false;
  return Object.values(value).every((share) => typeof share === 'number' && share >= 0 && share <= MAX_PROBABILITY);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether the value is an object or an array. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function formatScalar(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return formatNumber(value);
  return typeof value === 'string' ? value : truncatedJson(value, MAX_TEXT);
}

function truncatedJson(value: unknown, maxLength: number): string {
  const text = stringifyExactJson(value) ?? '';
  return text.length > maxLength ? `${text.slice(0, maxLength)} …` : text;
}
