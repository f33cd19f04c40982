import { type Html, html } from './html.js';

/** Content of a table. */
export interface Table {
  /** Accessible name. */
  readonly label: string;
  readonly columns: readonly string[];
  /** A cell for each column, of which the first is the row header, and a last one with actions. */
  readonly rows: readonly (readonly Html[])[];
}

/** A table whose rows become blocks on a narrow screen. Focusable, so that it can be scrolled with the keyboard. */
export function table({ label, columns, rows }: Table): Html {
  return html`<div class="table stacked" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          <th scope="col"><span class="visually-hidden">Actions</span></th>
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
