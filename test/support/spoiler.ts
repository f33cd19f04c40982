import { request as send } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Client } from './client.js';
import { digestOfCookie } from './stored-rows.js';
import type { Journal } from './journal.js';
import { type Random } from './reliability.js';
import { menuRow } from './writer.js';

const RETRY_STATUSES = [429, 503];
/** Maximum of event loop turns before a client disconnects: from before the request is sent to after its response. */
const MAX_TURNS = 60;

interface Refusal {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly json?: unknown;
  readonly raw?: string;
  readonly headers?: Record<string, string>;
}

/** A member whose operations all fail or are aborted. */
export class Spoiler {
  /** Unexpected responses. */
  readonly surprises: string[] = [];
  failed = 0;
  abandoned = 0;
  private readonly client: Client;
  private readonly email: string;
  private readonly credentials: { readonly email: string; readonly password: string };
  private menu = { id: 0, tag: '' };
  private foreignMenu = 0;
  private sent = 0;

  constructor(
    private readonly url: string,
    private readonly name: string,
    private readonly journal: Journal,
    private readonly random: Random,
  ) {
    this.client = new Client(url);
    this.email = `${name}@cafe.example`;
    this.credentials = { email: this.email, password: `secret of ${name}` };
  }

  /**
   * Signs up and creates one menu.
   *
   * @param foreignMenu the id of another member's menu, or 0
   * @returns the id of the menu
   */
  async prepare(foreignMenu = 0): Promise<number> {
    this.foreignMenu = foreignMenu;
    await this.client.post('/auth/signup', this.credentials, { headers: this.headers() });
    await this.client.post('/auth/login', this.credentials, { headers: this.headers() });
    const fields = { name: this.name, price: 1 };
    const { body, headers } = await this.client.post('/menus', fields, { headers: this.headers() });
    const stale = headers.get('etag') ?? '';
    const changed = { ...fields, price: 2 };
    await this.client.put(`/menus/${body.id}`, changed, { headers: { ...this.headers(), 'if-match': stale } });
    this.menu = { id: Number(body.id), tag: stale };
    const session = `session ${this.email} ${digestOfCookie(this.client.cookies.get('barista.sid') ?? '')}`;
    for (const row of [`member ${this.email}`, session, menuRow(changed, this.email)]) this.know(row);
    return this.menu.id;
  }

  /** Performs one operation that fails or is aborted. */
  async step(): Promise<void> {
    this.sent += 1;
    if (this.random(4) === 0) await this.abandon();
    else await this.fail();
  }

  private async fail(): Promise<void> {
    const refusals = this.refusals();
    const { what, method, path, status, json, raw, headers } = refusals[this.random(refusals.length)]!;
    const options = { json, raw, headers: { ...this.headers(), ...headers } };
    const response = await this.client.request(method, path, options);
    this.failed += 1;
    if (response.status === status || RETRY_STATUSES.includes(response.status)) return;
    this.surprises.push(`${what}: ${response.status} instead of ${status}: ${response.text}`);
  }

  private refusals(): Refusal[] {
    const { credentials, foreignMenu } = this;
    const mine = `/menus/${this.menu.id}`;
    const name = `${this.name}-never-${this.sent}`;
    const never = { email: `${name}@cafe.example`, password: 'eight or more of them' };
    const json = { 'content-type': 'application/json' };
    return [
      { what: 'a taken e-mail', method: 'POST', path: '/auth/signup', status: 409, json: credentials },
      {
        what: 'an unknown field',
        method: 'POST',
        path: '/auth/signup',
        status: 422,
        json: { ...never, role: 'admin' },
      },
      { what: 'a broken price', method: 'POST', path: '/menus', status: 422, json: { name, price: -1 } },
      { what: 'half a body', method: 'POST', path: '/menus', status: 400, raw: `{"name":"${name}",`, headers: json },
      {
        what: 'a stale If-Match',
        method: 'PATCH',
        path: mine,
        status: 412,
        json: { price: 3 },
        headers: { 'if-match': this.menu.tag },
      },
      { what: 'a stale removal', method: 'DELETE', path: mine, status: 412, headers: { 'if-match': this.menu.tag } },
      { what: "another's menu", method: 'DELETE', path: `/menus/${foreignMenu}`, status: foreignMenu ? 403 : 422 },
      { what: 'a wrong password', method: 'DELETE', path: '/auth/me', status: 403, json: { password: 'not this one' } },
      {
        what: 'a wrong current password',
        method: 'POST',
        path: '/auth/password',
        status: 403,
        json: { currentPassword: 'not this one', newPassword: 'never to be set' },
      },
      {
        what: 'a wrong login',
        method: 'POST',
        path: '/auth/login',
        status: 401,
        json: { ...credentials, password: 'x' },
      },
    ];
  }

  /** Sends a valid request and disconnects before, during or after its processing. */
  private async abandon(): Promise<void> {
    const name = `${this.name}-${this.sent}`;
    const signsUp = this.random(4) === 0;
    const email = `${name}@cafe.example`;
    const fields = { name, price: this.random(1_000) };
    const [path, json] = signsUp ? ['/auth/signup', { email, password: 'eight or more of them' }] : ['/menus', fields];
    const row = signsUp ? `member ${email}` : menuRow(fields, this.email);
    this.journal.begin({ removed: [], added: [row] });
    const body = JSON.stringify(json);
    const cookie = `barista.sid=${this.client.cookies.get('barista.sid') ?? ''}`;
    const headers = { ...this.headers(), cookie, 'content-type': 'application/json' };
    const request = send(this.url + path, { method: 'POST', headers, agent: false });
    request.on('error', () => undefined);
    request.end(body);
    for (let turns = this.random(MAX_TURNS); turns > 0; turns -= 1) await nextTurn();
    request.destroy();
    this.abandoned += 1;
  }

  /** Uses a random client address, so that failed logins of one client do not throttle another. */
  private headers(): Record<string, string> {
    return { 'x-forwarded-for': `10.1.${this.random(256)}.${this.random(256)}` };
  }

  private know(row: string): void {
    const change = { removed: [], added: [row] };
    this.journal.begin(change);
    this.journal.acknowledge(change);
  }
}
