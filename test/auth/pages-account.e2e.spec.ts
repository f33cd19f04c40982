import { AccountSections } from '../../src/auth/index.js';
import { html } from '../../src/platform/pages/index.js';
import { countRows, logInAgain, sql } from '../support/auth.js';
import type { ClientResponse, Client } from '../support/client.js';
import { visibleText, fieldValue } from '../support/markup.js';
import { promote } from '../support/menus.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const NEW_PASSWORD = 'a cortado, no sugar';
const HTML = { headers: { accept: 'text/html,*/*;q=0.8' } };
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('account page', () => {
  let app: TestApp;
  let client: Client;
  let member: Awaited<ReturnType<Client['signUpAndLogIn']>>;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    client = app.client();
    member = await client.signUpAndLogIn();
  });

  const locationOf = ({ headers }: ClientResponse): string | null => headers.get('location');
  const keysOf = async (): Promise<{ id: string; name: string; expiresAt: string | null }[]> =>
    (await client.get('/auth/api-keys')).body.items;
  const statusOfMe = async (who: Client): Promise<number> => (await who.get('/auth/me')).status;

  /** The actions of the forms on a page. */
  const actionsIn = ({ text }: ClientResponse): string[] =>
    [...text.matchAll(/action="(\/account[^"]*)"/g)].map(([, to]) => to!);

  it('shows the member, HTML-escaped, and forbids caching', async () => {
    await sql(app, `UPDATE member SET name = '<b>Ada</b>' WHERE id = '${member.id}'`);
    const response = await client.get('/account', HTML);
    expect(response.status).toBe(200);
    expect(visibleText(response.text)).toContain(`E-mail ${member.email} Name <b>Ada</b> Role Member`);
    expect(response.text).not.toContain('<b>Ada');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('vary')).toMatch(/\bCookie\b/);
  });

  it('refuses API keys', async () => {
    const { body } = await client.post('/auth/api-keys', { name: 'till' });
    const headers = { authorization: `Bearer ${(body as { key: string }).key}` };
    expect(await app.client().get('/account', { headers })).toMatchObject({
      status: 403,
      body: { code: 'auth.session-required' },
    });
    const page = await app.client().get('/account', { headers: { ...headers, ...HTML.headers } });
    expect(page.status).toBe(403);
    expect(page.text).toContain('<h1>That is not allowed</h1>');
  });

  describe('password form', () => {
    it('changes the password, and ends the other sessions', async () => {
      const other = await logInAgain(app.client(), member);
      const before = client.cookies.get('barista.sid');
      const response = await client.submit('/account/password', {
        currentPassword: member.password,
        newPassword: NEW_PASSWORD,
      });
      expect({ status: response.status, to: locationOf(response) }).toEqual({
        status: 303,
        to: '/account?done=password',
      });
      expect(client.cookies.get('barista.sid')).not.toBe(before);
      expect(await statusOfMe(client)).toBe(200);
      expect(await statusOfMe(other)).toBe(401);
      await logInAgain(app.client(), { ...member, password: NEW_PASSWORD });
      expect(visibleText((await client.get('/account?done=password')).text)).toContain('Your password is changed');
    });

    it('rejects a wrong current password and a weak new one', async () => {
      const wrong = await client.submit('/account/password', { currentPassword: 'x', newPassword: NEW_PASSWORD });
      expect(wrong.status).toBe(403);
      expect(wrong.text).toMatch(/<a href="#currentPassword">The password is wrong\. Nothing was changed\.<\/a>/);
      expect(wrong.text).not.toContain(NEW_PASSWORD);
      const weak = await client.submit('/account/password', {
        currentPassword: member.password,
        newPassword: member.email,
      });
      expect(weak.status).toBe(422);
      expect(weak.text).toMatch(/<a href="#newPassword">New password is among the first that are guessed/);
      await logInAgain(app.client(), member);
    });
  });

  describe('session list', () => {
    it('shows browser and system of each session, and ends one', async () => {
      const other = app.client();
      const { email, password } = member;
      await other.post('/auth/login', { email, password }, { headers: { 'user-agent': FIREFOX } });
      const page = await client.get('/account', HTML);
      expect(visibleText(page.text)).toContain('Firefox on Windows');
      expect(page.text.match(/This one/g)).toHaveLength(1);
      const { items } = (await client.get('/auth/sessions')).body as { items: { id: string; current: boolean }[] };
      const { id } = items.find(({ current }) => !current)!;
      const action = `/account/sessions/${id}/end`;
      expect(actionsIn(page)).toContain(action);
      const response = await client.submit(action);
      expect({ status: response.status, to: locationOf(response) }).toEqual({
        status: 303,
        to: '/account?done=session',
      });
      expect(await statusOfMe(other)).toBe(401);
      expect(await statusOfMe(client)).toBe(200);
      const again = await client.submit(action);
      expect(again.status).toBe(404);
      expect(visibleText(again.text)).toContain(`You have no session ${id}.`);
    });

    it('logs out when the current session is ended', async () => {
      const { items } = (await client.get('/auth/sessions')).body as { items: { id: string }[] };
      const response = await client.submit(`/account/sessions/${items[0]!.id}/end`);
      expect(locationOf(response)).toBe('/login?reason=logout');
      expect(client.cookies.size).toBe(0);
    });

    it('ends no session of another member', async () => {
      const stranger = app.client();
      await stranger.signUpAndLogIn();
      const { items } = (await stranger.get('/auth/sessions')).body as { items: { id: string }[] };
      expect((await client.submit(`/account/sessions/${items[0]!.id}/end`)).status).toBe(404);
      expect((await client.submit('/account/sessions/nothing/end', {}, HTML)).status).toBe(422);
      expect(await statusOfMe(stranger)).toBe(200);
    });
  });

  describe('API key form', () => {
    it('creates a key, shows it once, and revokes it', async () => {
      const response = await client.submit('/account/api-keys', { name: 'Till & <co>', lifetime: '90' });
      expect(response.status).toBe(201);
      const key = /<code class="secret">(barista_[\w-]{43})<\/code>/.exec(response.text)?.[1];
      expect(await statusOfMe(app.client())).toBe(401);
      const me = await app.client().get('/auth/me', { headers: { authorization: `Bearer ${key}` } });
      expect(me.body).toMatchObject({ id: member.id });

      const [made] = await keysOf();
      expect(made).toMatchObject({ name: 'Till & <co>' });
      const days = (Date.parse(made!.expiresAt!) - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(90);
      const page = await client.get('/account');
      expect(page.text).not.toContain(key);
      expect(visibleText(page.text)).toContain('Till & <co>');

      const action = `/account/api-keys/${made!.id}/end`;
      expect(actionsIn(page)).toContain(action);
      expect(locationOf(await client.submit(action))).toBe('/account?done=api-key');
      expect(await keysOf()).toEqual([]);
      expect((await client.submit(action)).status).toBe(404);
    });

    it('creates a key without expiry', async () => {
      expect((await client.submit('/account/api-keys', { name: 'till', lifetime: 'never' })).status).toBe(201);
      expect(await keysOf()).toMatchObject([{ name: 'till', expiresAt: null }]);
    });

    it('rejects invalid fields, and keeps the entered values', async () => {
      const response = await client.submit('/account/api-keys', { name: ' ', lifetime: '31' });
      expect(response.status).toBe(422);
      expect(response.text).toContain('<a href="#key-name">Name is missing</a>');
      expect(response.text).toMatch(/<a href="#key-lifetime">Ends must be one of /);
      const long = await client.submit('/account/api-keys', { name: 'n'.repeat(101), lifetime: 'never' });
      expect(long.status).toBe(422);
      expect(fieldValue(long.text, 'name')).toBe('n'.repeat(101));
      expect(await keysOf()).toEqual([]);
    });

    it('requires a fresh session of administrators', async () => {
      await promote(app, member.id);
      await sql(app, `UPDATE session SET "createdAt" = "createdAt" - 1000000 WHERE "memberId" = '${member.id}'`);
      const response = await client.submit('/account/api-keys', { name: 'till', lifetime: 'never' }, HTML);
      expect({ status: response.status, to: locationOf(response) }).toEqual({
        status: 303,
        to: '/login?next=%2Faccount&reason=fresh',
      });
      expect(visibleText((await client.get(locationOf(response)!)).text)).toContain(
        'Log in again, and repeat what you did',
      );
      expect(await keysOf()).toEqual([]);
    });
  });

  describe('withdrawal form', () => {
    it('deletes the member, and clears cookies and storage', async () => {
      const response = await client.submit('/account/withdrawal', { password: member.password });
      expect({ status: response.status, to: locationOf(response) }).toEqual({
        status: 303,
        to: '/login?reason=withdrawn',
      });
      expect(await countRows(app, `member WHERE id = '${member.id}'`)).toBe(0);
      expect(client.cookies.size).toBe(0);
      expect(response.headers.get('clear-site-data')).toBe('"cookies", "storage"');
    });

    it('requires the password', async () => {
      for (const [password, status, words] of [
        ['x', 403, 'The password is wrong. Nothing was changed.'],
        ['', 422, 'Password is missing'],
      ] as const) {
        const response = await client.submit('/account/withdrawal', { password });
        expect(response.status).toBe(status);
        expect(response.text).toContain(`<a href="#withdrawal-password">${words}</a>`);
      }
      expect(await statusOfMe(client)).toBe(200);
    });
  });

  it('shows the sections of other modules', async () => {
    app.app
      .get(AccountSections)
      .register((memberId) => ({ title: 'Cups', content: html`<p>${memberId} had <i>two</i></p>` }));
    const { text } = await client.get('/account');
    expect(text).toContain('<h2>Cups</h2>');
    expect(text).toContain(`<p>${member.id} had <i>two</i></p>`);
  });

  it('ignores unknown values of the query parameter done', async () => {
    for (const done of ['<script>', 'toString', '__proto__']) {
      const { text, status } = await client.get(`/account?done=${encodeURIComponent(done)}&done=x`);
      expect(status).toBe(200);
      expect(text).not.toMatch(/class="notice|<script>|native code/);
    }
  });
});
