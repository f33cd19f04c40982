import { type Html, html, when } from '../platform/pages/index.js';
import type { ModelReport, Picture, Table, Text } from './report/model-reports.js';
import { inDigits, inWords } from './words.js';

/** Tables within tables within tables are to be downloaded. */
const MAX_DEPTH = 3;

type Cells = Readonly<Record<string, unknown>>;

/** What training has left for people to see; nothing where that is nothing. */
export function reportMarkup(model: string, { pictures, texts, tables }: ModelReport): Html {
  const address = (name: string): string => `/models/${model}/report/${name}`;
  const report = html`<section class="panel" aria-labelledby="report-title">
    <h2 id="report-title">How it was judged</h2>
    <div class="pictures">${pictures.map((picture) => figure(picture, address(picture.name)))}</div>
    ${texts.map((text) => textMarkup(text, address(text.name)))}
    ${tables.map((table) => tableMarkup(table, address(table.name)))}
  </section>`;
  return when(pictures.length + texts.length + tables.length > 0, report);
}

/** The picture leads to itself: on a small screen it is too small. */
function figure({ title, caption, width, height }: Picture, address: string): Html {
  const size = { width: String(width), height: String(height) };
  return html`<figure>
    <a href="${address}">
      <img src="${address}" alt="${title}" width="${size.width}" height="${size.height}" loading="lazy" />
    </a>
    <figcaption><b>${title}</b> ${caption ?? ''}</figcaption>
  </figure>`;
}

function textMarkup({ title, caption, text }: Text, address: string): Html {
  return html`<h3>${title}</h3>
    ${captionMarkup(caption)}
    ${
      text === undefined
        ? download(title, address)
        : html`<pre tabindex="0" role="group" aria-label="${title}">${text}</pre>`
    }`;
}

function tableMarkup({ title, caption, value }: Table, address: string): Html {
  const tables = tablesOf(title, value);
  return html`<h3>${title}</h3>
    ${captionMarkup(caption)} ${tables.length > 0 ? tables : download(title, address)}`;
}

function captionMarkup(caption: string | undefined): Html {
  return caption === undefined ? html`` : html`<p class="hint">${caption}</p>`;
}

function download(title: string, address: string): Html {
  return html`<p><a href="${address}">${title}</a></p>`;
}

/** Tables of what is a list of values, a value for each measure of each thing, or several of these by name. */
function tablesOf(title: string, value: unknown, depth = 0): Html[] {
  if (!isObject(value) || depth === MAX_DEPTH) return [];
  const parts = Object.entries(value);
  if (parts.length === 0) return [];
  const isPart = depth > 0;
  if (parts.every(([, part]) => isPlain(part))) return [listOf(title, value, isPart)];
  if (parts.every(([, part]) => isObject(part) && Object.values(part).every(isPlain))) {
    const isOfSameMeasures = new Set(parts.map(([, part]) => Object.keys(part as Cells).join('\n'))).size === 1;
    if (isOfSameMeasures) return [gridOf(title, value as Readonly<Record<string, Cells>>, isPart)];
  }
  return parts.flatMap(([name, part]) => tablesOf(inWords(name), part, depth + 1));
}

function listOf(title: string, cells: Cells, isPart: boolean): Html {
  const rows = Object.entries(cells).map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${inWords(name)}</th>
        <td class="number">${textOf(value)}</td>
      </tr>`,
  );
  return scrolling(title, isPart, html``, rows);
}

function gridOf(title: string, things: Readonly<Record<string, Cells>>, isPart: boolean): Html {
  const measures = Object.keys(Object.values(things)[0] ?? {});
  const head = html`<thead>
    <tr>
      <td></td>
      ${measures.map((measure) => html`<th scope="col" class="number">${inWords(measure)}</th>`)}
    </tr>
  </thead>`;
  const rows = Object.entries(things).map(
    ([name, cells]) =>
      html`<tr>
        <th scope="row">${inWords(name)}</th>
        ${measures.map((measure) => html`<td class="number">${textOf(cells[measure])}</td>`)}
      </tr>`,
  );
  return scrolling(title, isPart, head, rows);
}

/** A heading says already what a whole file is; its parts need captions. */
function scrolling(title: string, isPart: boolean, head: Html, rows: readonly Html[]): Html {
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

function textOf(value: unknown): string {
  return typeof value === 'number' ? inDigits(value) : String(value);
}

function isPlain(value: unknown): boolean {
  return value === null || ['number', 'string', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Cells {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
