import { type ClientResponse, Client } from './client.js';
import { digestOfCookie, sha256 } from './stored-rows.js';
import type { Change, Journal } from './journal.js';
import { pick, type Random } from './reliability.js';

const COOKIE = 'barista.sid';
const MAX_SESSIONS = 4;
const MAX_KEYS = 3;
/** The server was overloaded and did nothing. */
const RETRY_STATUSES = new Set([429, 503]);

interface Menu {
  readonly id: number;
  readonly name: string;
  readonly price: number;
}

interface Key {
  readonly id: string;
  readonly key: string;
}

/** A request of a member, with its expected effect. */
interface Operation {
  readonly change: Change;
  readonly method: string;
  readonly path: string;
  readonly json?: object;
  readonly status: number;
  readonly cookie?: string;
  /**
   * Updates the state of the writer.
   *
   * @param response undefined if it was lost, although the operation took place
   * @returns the added rows, completed from the response
   */
  done(response?: ClientResponse): readonly string[];
}

/** The outcome of an operation as its client knows it. */
export type Outcome = 'acknowledged' | 'refused' | 'unanswered';

/** A client that performs random operations of a member and records each response in the journal. */
export class Writer {
  /** Unexpected responses. */
  readonly surprises: string[] = [];
  email: string | undefined;
  private password = '';
  private cookies: string[] = [];
  private ended: string[] = [];
  private keys: Key[] = [];
  private endedKeys: Key[] = [];
  private menus: Menu[] = [];
  private wrongPassword: string | undefined;
  private passwordIsNew = false;
  private unanswered: Operation | undefined;
  private made = 0;

  /** @param name unique, without spaces */
  constructor(
    private readonly name: string,
    private readonly address: string,
    private readonly journal: Journal,
    private readonly random: Random,
  ) {}

  /** A valid session cookie, if there is one. */
  get cookie(): string | undefined {
    return this.cookies[0];
  }

  /** Performs a random operation. */
  step(url: string): Promise<Outcome> {
    return this.perform(url, this.next());
  }

  /** Applies an unanswered operation that the journal found in the database. */
  learn(done: ReadonlySet<Change>): void {
    const operation = this.unanswered;
    this.unanswered = undefined;
    if (operation && done.has(operation.change)) operation.done();
  }

  /** Checks that valid credentials work and that revoked credentials fail. */
  async verify(url: string): Promise<void> {
    const me = async (headers: Record<string, string>): Promise<string> => {
      const { status, body } = await this.send(url, 'GET', '/auth/me', headers);
      return `${status} ${String(body?.email)}`;
    };
    const expectSame = (what: string, found: string, expected: string): void => {
      if (found !== expected) this.surprises.push(`${what}: ${found} instead of ${expected}`);
    };
    const valid = `200 ${this.email ?? ''}`;
    for (const cookie of this.cookies) expectSame('a session', await me({ cookie: `${COOKIE}=${cookie}` }), valid);
    for (const { key } of this.keys) expectSame('a key', await me({ authorization: `Bearer ${key}` }), valid);
    const revoked = '401 undefined';
    for (const cookie of this.ended) expectSame('an old session', await me({ cookie: `${COOKIE}=${cookie}` }), revoked);
    for (const { key } of this.endedKeys)
      expectSame('an old key', await me({ authorization: `Bearer ${key}` }), revoked);
    this.ended = [];
    this.endedKeys = [];
    await this.verifyPassword(url);
  }

  private async verifyPassword(url: string): Promise<void> {
    if (this.email === undefined || !this.passwordIsNew) return;
    if ((await this.perform(url, this.logIn(this.email))) !== 'acknowledged') return;
    this.passwordIsNew = false;
    if (this.wrongPassword === undefined) return;
    const json = { email: this.email, password: this.wrongPassword };
    const { status } = await this.send(url, 'POST', '/auth/login', {}, json);
    if (status !== 401) this.surprises.push(`the old password: ${status} instead of 401`);
    this.wrongPassword = undefined;
  }

  private async perform(url: string, operation: Operation): Promise<Outcome> {
    const { change, method, path, json, cookie } = operation;
    this.journal.begin(change);
    const headers: Record<string, string> = cookie === undefined ? {} : { cookie: `${COOKIE}=${cookie}` };
    let response: ClientResponse;
    try {
      response = await this.send(url, method, path, headers, json);
    } catch {
      this.unanswered = operation;
      return 'unanswered';
    }
    if (response.status === operation.status) {
      this.journal.acknowledge(change, operation.done(response));
      return 'acknowledged';
    }
    this.journal.refuse(change);
    if (!RETRY_STATUSES.has(response.status))
      this.surprises.push(`${method} ${path}: ${response.status} ${response.text}`);
    return 'refused';
  }

  private send(
    url: string,
    method: string,
    path: string,
    headers: Record<string, string>,
    json?: object,
  ): Promise<ClientResponse> {
    return new Client(url).request(method, path, { headers: { 'x-forwarded-for': this.address, ...headers }, json });
  }

  private next(): Operation {
    const { email, cookies } = this;
    if (email === undefined) return this.signUp();
    const cookie = pick(cookies, this.random);
    if (cookie === undefined) return this.logIn(email);
    const dice = this.random(100);
    if (dice < 3) return this.withdraw(email, cookie);
    if (dice < 10) return this.changePassword(email, cookie);
    if (dice < 17 && cookies.length < MAX_SESSIONS) return this.logIn(email);
    if (dice < 24) return this.logOut(email, cookie);
    if (dice < 32) return this.keys.length < MAX_KEYS ? this.makeKey(email, cookie) : this.endKey(email, cookie);
    const menu = pick(this.menus, this.random);
    if (dice < 60 || menu === undefined) return this.addMenu(email, cookie);
    return dice < 85 ? this.changePrice(email, cookie, menu) : this.removeMenu(email, cookie, menu);
  }

  private signUp(): Operation {
    const email = `${this.newName()}@cafe.example`;
    const password = `secret of ${email}`;
    const done = (): string[] => {
      Object.assign(this, { email, password, passwordIsNew: true, wrongPassword: undefined });
      return [`member ${email}`];
    };
    const change = { removed: [], added: [`member ${email}`] };
    return { change, method: 'POST', path: '/auth/signup', json: { email, password }, status: 201, done };
  }

  private logIn(email: string): Operation {
    const change = { removed: [], added: [`session ${email} ?`] };
    const json = { email, password: this.password };
    const done = (response?: ClientResponse): string[] => this.keepSession(email, response);
    return { change, method: 'POST', path: '/auth/login', json, status: 200, done };
  }

  private logOut(email: string, cookie: string): Operation {
    const change = { removed: [sessionRow(email, cookie)], added: [] };
    const done = (): string[] => {
      this.cookies = this.cookies.filter((other) => other !== cookie);
      this.ended.push(cookie);
      return [];
    };
    return { change, method: 'POST', path: '/auth/logout', cookie, status: 204, done };
  }

  private changePassword(email: string, cookie: string): Operation {
    const removed = this.journal.of(email).filter((row) => row.startsWith('session '));
    const change = { removed, added: [`session ${email} ?`] };
    const currentPassword = this.password;
    const newPassword = `secret ${this.newName()} of ${email}`;
    const json = { currentPassword, newPassword };
    const done = (response?: ClientResponse): string[] => {
      this.ended.push(...this.cookies);
      this.cookies = [];
      Object.assign(this, { password: newPassword, wrongPassword: currentPassword, passwordIsNew: true });
      return this.keepSession(email, response);
    };
    return { change, method: 'POST', path: '/auth/password', json, cookie, status: 204, done };
  }

  private withdraw(email: string, cookie: string): Operation {
    const removed = this.journal.of(email);
    const menus = removed.filter((row) => row.startsWith('menu '));
    const added = menus.map((row) => row.replace(` ${email}`, ' nobody'));
    const done = (): string[] => {
      this.ended.push(...this.cookies);
      this.endedKeys.push(...this.keys);
      Object.assign(this, { email: undefined, cookies: [], keys: [], menus: [], passwordIsNew: false });
      return added;
    };
    const json = { password: this.password };
    return { change: { removed, added }, method: 'DELETE', path: '/auth/me', json, cookie, status: 204, done };
  }

  private makeKey(email: string, cookie: string): Operation {
    const change = { removed: [], added: [`key ${email} ?`] };
    const done = (response?: ClientResponse): string[] => {
      if (response === undefined) return [];
      const { id, key } = response.body as Key;
      this.keys.push({ id, key });
      return [`key ${email} ${sha256(key)}`];
    };
    return { change, method: 'POST', path: '/auth/api-keys', json: { name: 'till' }, cookie, status: 201, done };
  }

  private endKey(email: string, cookie: string): Operation {
    const ended = this.keys[0]!;
    const change = { removed: [`key ${email} ${sha256(ended.key)}`], added: [] };
    const done = (): string[] => {
      this.keys = this.keys.filter((other) => other !== ended);
      this.endedKeys.push(ended);
      return [];
    };
    return { change, method: 'DELETE', path: `/auth/api-keys/${ended.id}`, cookie, status: 204, done };
  }

  private addMenu(email: string, cookie: string): Operation {
    const [name, price] = [this.newName(), this.random(10_000)];
    const added = [menuRow({ name, price }, email)];
    const done = (response?: ClientResponse): string[] => {
      if (response) this.menus.push(response.body as Menu);
      return added;
    };
    const change = { removed: [], added };
    return { change, method: 'POST', path: '/menus', json: { name, price }, cookie, status: 201, done };
  }

  private changePrice(email: string, cookie: string, menu: Menu): Operation {
    const changed = { ...menu, price: menu.price + 1 + this.random(100) };
    const change = { removed: [menuRow(menu, email)], added: [menuRow(changed, email)] };
    const done = (): readonly string[] => {
      this.menus = this.menus.map((other) => (other === menu ? changed : other));
      return change.added;
    };
    const json = { price: changed.price };
    return { change, method: 'PATCH', path: `/menus/${menu.id}`, json, cookie, status: 200, done };
  }

  private removeMenu(email: string, cookie: string, menu: Menu): Operation {
    const change = { removed: [menuRow(menu, email)], added: [] };
    const done = (): string[] => {
      this.menus = this.menus.filter((other) => other !== menu);
      return [];
    };
    return { change, method: 'DELETE', path: `/menus/${menu.id}`, cookie, status: 204, done };
  }

  /** Keeps the session cookie of a response. */
  private keepSession(email: string, response?: ClientResponse): string[] {
    const [line = ''] = response?.headers.getSetCookie() ?? [];
    const [, cookie] = /=([^;]+)/.exec(line) ?? [];
    if (cookie === undefined) return [];
    this.cookies.push(cookie);
    return [sessionRow(email, cookie)];
  }

  private newName(): string {
    this.made += 1;
    return `${this.name}-${this.made}`;
  }
}

function sessionRow(email: string, cookie: string): string {
  return `session ${email} ${digestOfCookie(cookie)}`;
}

/** The text of a menu in `StoredRows`. */
export function menuRow({ name, price }: Pick<Menu, 'name' | 'price'>, email: string): string {
  return `menu ${name} ${price} ${email}`;
}
