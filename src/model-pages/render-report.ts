import { type Html, html, when } from '../platform/pages/index.js';
import type { ModelReport, Picture, Table, Text } from './report/model-reports.js';
import { formatLabel, formatNumber } from './format.js';

/** Objects that are nested deeper are linked, not shown. */
const MAX_DEPTH = 3;

type Cells = Readonly<Record<string, unknown>>;

/** Renders the report of a model's training; empty if it has no files. */
export function renderReport(model: string, { pictures, texts, tables }: ModelReport): Html {
  const address = (name: string): string => `/models/${model}/report/${name}`;
  const report = html`<section class="panel" aria-labelledby="report-title">
    <h2 id="report-title">Evaluation report</h2>
    <div class="pictures">${pictures.map((picture) => renderFigure(picture, address(picture.name)))}</div>
    ${texts.map((text) => renderText(text, address(text.name)))}
    ${tables.map((table) => renderTables(table, address(table.name)))}
  </section>`;
  return when(pictures.length + texts.length + tables.length > 0, report);
}

/** The picture links to its file, for a view in full size. */
function renderFigure({ title, caption, width, height }: Picture, address: string): Html {
  const size = { width: String(width), height: String(height) };
  return html`<figure>
    <a href="${address}">
      <img src="${address}" alt="${title}" width="${size.width}" height="${size.height}" loading="lazy" />
    </a>
    <figcaption><b>${title}</b> ${caption ?? ''}</figcaption>
  </figure>`;
}

function renderText({ title, caption, text }: Text, address: string): Html {
  return html`<h3>${title}</h3>
    ${renderCaption(caption)}
    ${
      text === undefined
        ? renderLink(title, address)
        : html`<pre tabindex="0" role="group" aria-label="${title}">${text}</pre>`
    }`;
}

function renderTables({ title, caption, value }: Table, address: string): Html {
  const tables = tablesOf(title, value);
  return html`<h3>${title}</h3>
    ${renderCaption(caption)} ${tables.length > 0 ? tables : renderLink(title, address)}`;
}

function renderCaption(caption: string | undefined): Html {
  return caption === undefined ? html`` : html`<p class="hint">${caption}</p>`;
}

function renderLink(title: string, address: string): Html {
  return html`<p><a href="${address}">${title}</a></p>`;
}

/**
 * The tables of a JSON value: one for an object of scalars, one with a column for each metric for an object of such objects,
 * else one for each member.
 */
function tablesOf(title: string, value: unknown, depth = 0): Html[] {
  if (!isObject(value) || depth === MAX_DEPTH) return [];
  const parts = Object.entries(value);
  if (parts.length === 0) return [];
  const isPart = depth > 0;
  if (parts.every(([, part]) => isScalar(part))) return [renderList(title, value, isPart)];
  if (parts.every(([, part]) => isObject(part) && Object.values(part).every(isScalar))) {
    const haveSameMetrics = new Set(parts.map(([, part]) => Object.keys(part as Cells).join('\n'))).size === 1;
    if (haveSameMetrics) return [renderGrid(title, value as Readonly<Record<string, Cells>>, isPart)];
  }
  return parts.flatMap(([name, part]) => tablesOf(formatLabel(name), part, depth + 1));
}

function renderList(title: string, cells: Cells, isPart: boolean): Html {
  const rows = Object.entries(cells).map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${formatLabel(name)}</th>
        <td class="number">${formatCell(value)}</td>
      </tr>`,
  );
  return renderTable(title, isPart, html``, rows);
}

function renderGrid(title: string, entries: Readonly<Record<string, Cells>>, isPart: boolean): Html {
  const metrics = Object.keys(Object.values(entries)[0] ?? {});
  const head = html`<thead>
    <tr>
      <td></td>
      ${metrics.map((metric) => html`<th scope="col" class="number">${formatLabel(metric)}</th>`)}
    </tr>
  </thead>`;
  const rows = Object.entries(entries).map(
    ([name, cells]) =>
      html`<tr>
        <th scope="row">${formatLabel(name)}</th>
        ${metrics.map((metric) => html`<td class="number">${formatCell(cells[metric])}</td>`)}
      </tr>`,
  );
  return renderTable(title, isPart, head, rows);
}

/** Only the tables of a part have a caption: the heading is the title of the whole file. */
function renderTable(title: string, isPart: boolean, head: Html, rows: readonly Html[]): Html {
  return html`<div class="table" tabindex="0" role="group" aria-label="${title}">
    <table>
      ${when(
        isPart,
        html`<caption>
          ${title}
        </caption>`,
      )}
      ${head}
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function formatCell(value: unknown): string {
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

function isScalar(value: unknown): boolean {
  return value === null || ['number', 'string', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Cells {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
