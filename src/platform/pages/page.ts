import { type Html, html, when } from './html.js';

/** What is the page's own; header and footer are the same on all. */
export interface PageContent {
  readonly title: string;
  /** For search engines and previews of links. */
  readonly description?: string;
  /** Style sheets beside those of every page, and scripts, by their names under `/assets`. */
  readonly styles?: readonly string[];
  readonly scripts?: readonly string[];
  /** Where this page is, so that the navigation can say so. */
  readonly path?: string;
  /** Further links of the navigation, before those that are always there: path and text. */
  readonly links?: readonly Link[];
  /** Whether a member looks at it, where the page has asked who does: then the navigation offers what fits. */
  readonly isMember?: boolean;
  readonly content: Html;
}

type Link = readonly [path: string, text: string];

const LINKS: readonly Link[] = [
  ['/models', 'Models'],
  ['/health/ready', 'Health'],
];
const LINKS_OF_GUESTS: readonly Link[] = [
  ['/login', 'Log in'],
  ['/signup', 'Sign up'],
];
const LINKS_OF_MEMBERS: readonly Link[] = [['/account', 'Account']];

/**
 * A whole page, as it is sent: without an inline script or style, which the content security policy forbids. Its forms say
 * where they come from in `Origin`, which the header's `no-referrer` would take from them.
 */
export function renderPage({
  title,
  description,
  styles = [],
  scripts = [],
  path,
  links = [],
  isMember,
  content,
}: PageContent): string {
  const about = description === undefined ? [] : [html`<meta name="description" content="${description}" />`];
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="same-origin" />
        ${about}
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/theme.css" />
        <link rel="stylesheet" href="/assets/page.css" />
        ${styles.map((name) => html`<link rel="stylesheet" href="/assets/${name}" />`)}
        ${scripts.map((name) => html`<script type="module" src="/assets/${name}"></script>`)}
      </head>
      <body>
        <a class="skip-link" href="#content">Skip to content</a>
        ${siteHeader([...links, ...LINKS, ...linksFor(isMember)], path, isMember)}
        <main id="content" class="page">${content}</main>
        <footer class="site-footer">
          <p>Barista is open source under the MIT licence.</p>
        </footer>
      </body>
    </html>`;
  return document.markup;
}

function linksFor(isMember: boolean | undefined): readonly Link[] {
  if (isMember === undefined) return [];
  return isMember ? LINKS_OF_MEMBERS : LINKS_OF_GUESTS;
}

function siteHeader(links: readonly Link[], path: string | undefined, isMember = false): Html {
  const current = (target: string): Html => (target === path ? html` aria-current="page"` : html``);
  return html`<header class="site-header">
    <a class="brand" href="/" ${current('/')}>
      <img src="/assets/icon.svg" alt="" width="32" height="32" />
      <span>Barista</span>
    </a>
    <nav aria-label="Main">
      ${links.map(([target, text]) => html`<a href="${target}" ${current(target)}>${text}</a> `)}
      ${when(isMember, LOG_OUT)}
    </nav>
  </header>`;
}

/** Not a link: following one must change nothing. */
const LOG_OUT = html`<form method="post" action="/logout"><button type="submit">Log out</button></form>`;
