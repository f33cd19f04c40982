import type { Readiness } from '../platform/health/index.js';
import { type Html, html, renderPage, when } from '../platform/pages/index.js';

/** The data of the home page. */
export interface HomePageContent {
  readonly readiness: Readiness;
  /** Whether `/docs` and `/openapi.json` are served. */
  readonly hasDocs: boolean;
  /** Whether the viewer is logged in; undefined while the database cannot be asked. */
  readonly isMember: boolean | undefined;
  /** Host and port for the example commands, such as `localhost:3000`. */
  readonly address: string;
}

const JSON_HEADER = `-H 'Content-Type: application/json'`;
const FLOWER = '{"sepal_length":5.9,"sepal_width":3.0,"petal_length":5.1,"petal_width":1.8}';
const MEMBER = '{"email":"barista@cafe.example","password":"a flat white, please"}';
const MENU = '{"name":"Americano","price":4500}';

const DOCS_LINKS = [
  ['/docs', 'API docs'],
  ['/openapi.json', 'OpenAPI'],
] as const;

/** Renders the home page: an introduction, the readiness of each part, and commands to try. */
export function renderHomePage(content: HomePageContent): string {
  return renderPage({
    title: 'Barista',
    description: 'A product and its machine-learning models behind one login',
    styles: ['home.css'],
    path: '/',
    links: content.hasDocs ? DOCS_LINKS : [],
    isMember: content.isMember,
    content: html`<div class="opening">${introduction(content.hasDocs)} ${status(content.readiness)}</div>
      ${tour(content.address)}`,
  });
}

function introduction(hasDocs: boolean): Html {
  return html`<div class="introduction">
    <h1>Your product and its models, served together.</h1>
    <p class="lead">
      Barista keeps members, a menu catalogue and machine-learning predictions behind one login and one API. Add a
      folder of code and it is a feature; drop in an ONNX model and it is a typed, documented endpoint.
    </p>
    ${when(hasDocs, html`<p><a class="button" href="/docs">Try it in the browser</a></p>`)}
  </div>`;
}

function status({ ok, details }: Readiness): Html {
  return html`<section class="board" aria-labelledby="status-title">
    <h2 id="status-title">${ok ? 'Ready to serve' : 'Not ready yet'}</h2>
    ${when(!ok, html`<p>Something below is still starting, or missing. Reload to look again.</p>`)}
    ${Object.entries(details).map(([part, detail]) => partStatus(part, detail))}
  </section>`;
}

/** The state of one part of the system, or of each of its members (`models: { iris: 'ready' }`). */
function partStatus(part: string, detail: Readiness['details'][string]): Html {
  const members = typeof detail === 'string' ? [[part, detail] as const] : Object.entries(detail);
  const title = when(typeof detail !== 'string', html`<h3>${part}</h3>`);
  return html`${title}
    <ul class="states">
      ${members.map(
        ([name, state]) =>
          html`<li><span>${name}</span> <i></i> <strong class="${stateClass(state)}">${state}</strong></li>`,
      )}
    </ul>`;
}

function stateClass(state: string): string {
  if (state === 'ready' || state === 'up') return 'state state-good';
  return state.startsWith('failed') || state === 'down' ? 'state state-bad' : 'state state-waiting';
}

function tour(address: string): Html {
  const post = (path: string, body: string, options = ''): string =>
    `curl -X POST ${address}${path}${options} \\\n  ${JSON_HEADER} \\\n  -d '${body}'`;
  return html`<section class="tour" aria-labelledby="tour-title">
    <h2 id="tour-title">From the command line</h2>
    <ol>
      <li>
        <h3>Predict</h3>
        <p>Four measurements of an iris go in; the index of its species comes out. No login needed.</p>
        ${terminal('Predict an iris', post('/predict', FLOWER), '{"result":[2]}')}
      </li>
      <li>
        <h3>Sign up</h3>
        <p>
          An e-mail address and a password of at least 8 characters make a member;
          <a href="/signup">in a browser</a> too.
        </p>
        ${terminal('Sign up', post('/auth/signup', MEMBER))}
      </li>
      <li>
        <h3>Log in</h3>
        <p>The response sets a session cookie; keep it for the next step.</p>
        ${terminal('Log in', post('/auth/login', MEMBER, ' -c cookies.txt'))}
      </li>
      <li>
        <h3>Add to the menu</h3>
        <p>Anyone may read the catalogue; members add to it. Prices are whole numbers of the smallest coin.</p>
        ${terminal('Create a menu', post('/menus', MENU, ' -b cookies.txt'))}
      </li>
    </ol>
  </section>`;
}

/** A command to copy, and its output. Focusable, so that a keyboard can scroll it. */
function terminal(label: string, command: string, result = ''): Html {
  const output = when(result !== '', html`<samp>${result}</samp>`);
  return html`<pre tabindex="0" role="group" aria-label="${label}"><code>${command}</code>${output}</pre>`;
}
