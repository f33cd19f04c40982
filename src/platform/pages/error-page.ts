import type { FormattedError, Problem } from '../http/index.js';
import { html } from './html.js';
import { renderPage } from './page.js';

export const HTML_MEDIA_TYPE = 'text/html; charset=utf-8';

const TITLES: Readonly<Record<number, string>> = {
  401: 'Log in first',
  403: 'That is not allowed',
  404: 'There is nothing here',
  405: 'That is not possible here',
  413: 'That is too much',
  429: 'That was too often',
  503: 'Not just now',
  507: 'There is no room left',
};
const CLIENT_ERROR = 'That did not work';
const SERVER_ERROR = 'Something went wrong here';

/** In place of the detail of the error, which is written for API clients. */
const LOG_IN = html`<p>Only members may do this, or see it. <a href="/login">Log in</a></p>`;

/** Wraps an HTML page as the response to a failed request. */
export function toFormattedError({ status }: Problem, body: string): FormattedError {
  return { status, contentType: HTML_MEDIA_TYPE, body, vary: 'Accept' };
}

/** Renders an error, with a link to the home page and the id of the request. */
export function renderErrorPage({ status, detail, errors = [] }: Problem, requestId: string): string {
  const title = TITLES[status] ?? (status < 500 ? CLIENT_ERROR : SERVER_ERROR);
  const lines =
    errors.length > 1
      ? [
          html`<ul>
            ${errors.map(({ message }) => html`<li>${message}</li>`)}
          </ul>`,
        ]
      : [];
  return renderPage({
    title: `${title} – Barista`,
    styles: ['forms.css'],
    content: html`<div class="narrow">
      <h1>${title}</h1>
      ${status === 401 ? LOG_IN : html`<p>${detail}</p>`} ${lines}
      <p><a href="/">To the first page</a></p>
      <p class="hint">Error ${String(status)}, request <code>${requestId}</code></p>
    </div>`,
  });
}
