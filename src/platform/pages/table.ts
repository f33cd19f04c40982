import { type Html, html } from './html.js';

/** What a table shows. */
export interface Table {
  /** Its name, for those who hear it. */
  readonly label: string;
  readonly columns: readonly string[];
  /** A cell for each column, the first of which names the row; and one for what can be done with it. */
  readonly rows: readonly (readonly Html[])[];
}

/** A table of which each row is a block of its own where the page is narrow. Focusable, so that a keyboard can scroll it. */
export function table({ label, columns, rows }: Table): Html {
  return html`<div class="table stacked" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          <th scope="col"><span class="visually-hidden">What you can do</span></th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, index) => cellOf(cell, columns[index], index === 0))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cellOf(content: Html, column: string | undefined, isName: boolean): Html {
  if (isName) return html`<th scope="row">${content}</th>`;
  return column === undefined
    ? html`<td class="actions">${content}</td>`
    : html`<td data-label="${column}">${content}</td>`;
}
