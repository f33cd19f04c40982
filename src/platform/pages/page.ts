import { type Html, html, when } from './html.js';

/** The parts of a page that differ; header and footer are the same on all pages. */
export interface PageContent {
  readonly title: string;
  /** Content of `<meta name="description">`. */
  readonly description?: string;
  /** Names of further style sheets and scripts under `/assets`. */
  readonly styles?: readonly string[];
  readonly scripts?: readonly string[];
  /** Path of this page, which the navigation marks as current. */
  readonly path?: string;
  /** Links of the navigation before those of every page. */
  readonly links?: readonly Link[];
  /** Whether a member is logged in. Undefined: the navigation has no links for members or guests. */
  readonly isMember?: boolean;
  readonly content: Html;
}

type Link = readonly [path: string, text: string];

const LINKS: readonly Link[] = [
  ['/models', 'Models'],
  ['/health/ready', 'Health'],
];
const GUEST_LINKS: readonly Link[] = [
  ['/login', 'Log in'],
  ['/signup', 'Sign up'],
];
const MEMBER_LINKS: readonly Link[] = [['/account', 'Account']];

/**
 * Renders a complete HTML document. It has no inline scripts or styles, which the content security policy forbids. Its referrer
 * policy makes browsers send `Origin` with forms, which the cross-site check needs; that of the response header would not.
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
  const metaDescription = description === undefined ? [] : [html`<meta name="description" content="${description}" />`];
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="same-origin" />
        ${metaDescription}
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
  return isMember ? MEMBER_LINKS : GUEST_LINKS;
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

/** A form rather than a link: GET must not change state. */
const LOG_OUT = html`<form method="post" action="/logout"><button type="submit">Log out</button></form>`;
