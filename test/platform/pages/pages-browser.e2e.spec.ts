import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as send, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { accessibilityViolations } from '../../support/axe.js';
import { browserUnavailableReason, TestBrowser } from '../../support/browser.js';
import { enqueue, enqueueScript, JOB_HANDLERS, untilAborted } from '../../support/jobs.js';
import { describeUnless } from '../../support/describe-unless.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const PASSWORD = 'a flat white, please';
const NEW_PASSWORD = 'a cortado, no sugar';
/** A host name: browsers treat plain HTTP as secure on 127.0.0.1, but not here. */
const FLAGS = ['--host-resolver-rules=MAP *.cafe.example 127.0.0.1'];

// A browser beside the application is slow on a busy machine.
jest.setTimeout(120_000);

const describeWhereBrowser = describeUnless(browserUnavailableReason());

describeWhereBrowser('account pages in a browser', () => {
  const browser = new TestBrowser();
  let app: TestApp;
  let names = 0;

  beforeAll(async () => {
    app = await startTestApp({}, [], JOB_HANDLERS);
    await browser.launch(FLAGS);
  });

  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  const newEmail = (): string => `browser-${(names += 1)}@cafe.example`;
  const pathOf = (page: Page): string => page.url().replace(/^https?:\/\/[^/]+/, '');
  const summary = (page: Page) => page.getByRole('alert', { name: 'That did not work' });
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  }

  async function signUp(page: Page, address = app.url): Promise<string> {
    const email = newEmail();
    await page.goto(`${address}/signup`);
    await fill(page, { 'E-mail': email, Password: PASSWORD });
    await press(page, 'Sign up');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    return email;
  }

  it.each([
    ['with JavaScript', {}],
    ['without JavaScript', { javaScriptEnabled: false }],
  ] as [string, BrowserContextOptions][])(
    'take a member from sign-up to withdrawal by forms, %s',
    async (_, profile) => {
      const { page } = await browser.newPage(profile);
      await page.goto(app.url);
      await page.getByRole('link', { name: 'Sign up', exact: true }).click();
      const email = newEmail();
      await fill(page, { 'E-mail': email, 'Name (optional)': 'Ada', Password: 'short' });
      await press(page, 'Sign up');
      expect(await summary(page).innerText()).toContain('Password must be text of 8 to 1024 characters');
      await summary(page).getByRole('link').click();
      expect(await page.getByLabel('Password').inputValue()).toBe('');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByText('Welcome: you are a member now.').waitFor();
      expect(await page.locator('dd').allInnerTexts()).toEqual(expect.arrayContaining([email, 'Ada', 'Member']));

      await fill(page, { 'Current password': PASSWORD, 'New password': NEW_PASSWORD });
      await press(page, 'Change password');
      await page.getByText('Your password is changed').waitFor();

      await fill(page, { Name: 'Till' });
      await page.getByLabel('Ends').selectOption({ label: 'In a year' });
      await press(page, 'Make a key');
      const key = await page.getByRole('status').locator('code').first().innerText();
      const me = await fetch(`${app.url}/auth/me`, { headers: { authorization: `Bearer ${key}` } });
      expect(await me.json()).toMatchObject({ email, name: 'Ada' });
      await page.getByRole('button', { name: /^End the API key Till/ }).click();
      await page.getByText('That API key has ended').waitFor();

      await page.getByRole('navigation').getByRole('button', { name: 'Log out' }).click();
      await page.getByText('You are logged out.').waitFor();
      expect(await page.context().cookies()).toEqual([]);
      await page.goto(`${app.url}/account`);
      expect(pathOf(page)).toBe('/login?next=%2Faccount');
      await fill(page, { 'E-mail': email, Password: PASSWORD });
      await press(page, 'Log in');
      expect(await summary(page).innerText()).toContain('The e-mail or the password is wrong.');
      expect(await page.getByLabel('E-mail').inputValue()).toBe(email);
      await fill(page, { Password: NEW_PASSWORD });
      await press(page, 'Log in');
      expect(pathOf(page)).toBe('/account');

      await page.getByRole('button', { name: /^End the session of Chrome/ }).click();
      await page.getByText('You are logged out.').waitFor();
      await fill(page, { 'E-mail': email, Password: NEW_PASSWORD });
      await press(page, 'Log in');
      await page.getByLabel('Password', { exact: true }).fill(NEW_PASSWORD);
      await press(page, 'Withdraw for good');
      await page.getByText('You have withdrawn: your account is gone.').waitFor();
      await fill(page, { 'E-mail': email, Password: NEW_PASSWORD });
      await press(page, 'Log in');
      expect(await summary(page).innerText()).toContain('The e-mail or the password is wrong.');
    },
  );

  it('work with the keyboard alone', async () => {
    const { page, pageErrors } = await browser.newPage();
    const tabTo = async (target: Locator): Promise<void> => {
      for (let count = 0; (await target.and(page.locator(':focus')).count()) === 0; count += 1) {
        if (count > 60) throw new Error('The tab key never leads there.');
        await page.keyboard.press('Tab');
      }
    };
    await page.goto(`${app.url}/login`);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await tabTo(page.getByRole('link', { name: 'Sign up' }).last());
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign up' }).waitFor();
    await tabTo(page.getByLabel('E-mail'));
    await page.keyboard.type(newEmail());
    await tabTo(page.getByLabel('Password'));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await tabTo(page.getByRole('button', { name: 'Log out' }));
    await page.keyboard.press('Space');
    await page.getByText('You are logged out.').waitFor();
    expect(pageErrors).toEqual([]);
  });

  it('focus the error summary, which links to the field', async () => {
    const { page } = await browser.newPage();
    await page.goto(`${app.url}/signup`);
    await fill(page, { 'E-mail': 'nobody', Password: PASSWORD });
    await press(page, 'Sign up');
    await summary(page).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const email = page.getByRole('textbox', { name: 'E-mail' });
    expect(await email.and(page.locator(':focus')).count()).toBe(1);
    expect(await email.getAttribute('aria-invalid')).toBe('true');
    const described = await page.locator(`#${await email.getAttribute('aria-describedby')}`).innerText();
    expect(described).toBe('E-mail must be an e-mail address of at most 254 characters');
    expect(await page.title()).toMatch(/^Error: /);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 375],
    ['dark', 375],
  ] as const)(
    'have no accessibility violations and do not scroll horizontally: %s, %d px',
    async (colorScheme, width) => {
      const { page } = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
      const look = async (): Promise<void> => {
        // Without its style sheets a page is wider.
        await page.waitForLoadState();
        const scrolls = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
        const problems = await accessibilityViolations(page);
        expect({ path: pathOf(page), problems, scrolls }).toEqual({ path: pathOf(page), problems: [], scrolls: false });
      };
      for (const path of ['/', '/login', '/signup?next=/menus', '/login?reason=fresh', '/nothing-here', '/signup']) {
        await page.goto(app.url + path);
        await look();
      }
      await fill(page, { 'E-mail': 'nobody', Password: 'short' });
      await press(page, 'Sign up');
      await summary(page).waitFor();
      await look();
      await signUp(page);
      await look();
      const me = await page.context().request.get(`${app.url}/auth/me`);
      const { id: memberId } = (await me.json()) as { id: string };
      await enqueueScript(app, memberId, untilAborted);
      await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1, model: 'iris', version: '1' });
      await page.goto(`${app.url}/account`);
      await look();
      await fill(page, { Name: 'Till at the counter' });
      await press(page, 'Make a key');
      await page.getByRole('status').getByRole('heading', { name: 'Your new API key' }).waitFor();
      await look();
      await fill(page, { 'Current password': 'wrong', 'New password': NEW_PASSWORD });
      await press(page, 'Change password');
      await summary(page).waitFor();
      await look();
      await page.goto(app.url);
      await look();
    },
  );

  it('accept a sign-up over plain HTTP on a host that browsers do not treat as secure', async () => {
    const { page } = await browser.newPage();
    const address = app.url.replace('127.0.0.1', 'till.cafe.example');
    const sent = page.waitForRequest((request) => request.method() === 'POST');
    await signUp(page, address);
    // Without Sec-Fetch-Site only Origin shows which site the form comes from.
    const headers = await (await sent).allHeaders();
    expect(headers['sec-fetch-site']).toBeUndefined();
    expect(headers.origin).toBe(address);
  });

  it('refuse a sign-up and a logout that another site submits', async () => {
    const fields = `<input name="email" value="${newEmail()}"><input name="password" value="${PASSWORD}">`;
    const form = (path: string): string =>
      `<form method="post" action="${app.url}${path}">${fields}<button>${path}</button></form>`;
    const site = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html').end(`<!doctype html>${form('/signup')}${form('/logout')}`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => site.once('listening', resolve));
    const elsewhere = `http://elsewhere.cafe.example:${(site.address() as AddressInfo).port}/`;

    const { page } = await browser.newPage();
    await page.goto(elsewhere);
    await press(page, '/signup');
    await page.getByRole('heading', { name: 'That is not allowed' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await signUp(page);
    await page.goto(elsewhere);
    await press(page, '/logout');
    await page.getByRole('heading', { name: 'That is not allowed' }).waitFor();
    await page.goto(`${app.url}/account`);
    expect(pathOf(page)).toBe('/account');
    await closed(site);
  });

  it('set a Secure session cookie in production, behind a proxy that terminates TLS', async () => {
    const secret = 'kQ3v9T7pXw2Zb8Lr5Yd1Ns6Mf4Hj0GcAe';
    const production = await startTestApp({ NODE_ENV: 'production', SESSION_SECRET: secret, TRUST_PROXY: '1' });
    const proxy = await tlsProxy(production.url);
    const { page } = await browser.newPage({ ignoreHTTPSErrors: true });
    await signUp(page, `https://shop.cafe.example:${(proxy.address() as AddressInfo).port}`);
    expect(await page.context().cookies()).toMatchObject([
      { name: '__Host-barista.sid', secure: true, httpOnly: true, sameSite: 'Lax' },
    ]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out.').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await closed(proxy);
    await production.close();
  });
});

/** Terminates TLS as nginx does, with a self-signed certificate, and sets `X-Forwarded-Proto`. */
async function tlsProxy(target: string): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'barista-tls-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=shop.cafe.example', '-keyout', key, '-out', cert];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', ...subject], { stdio: 'ignore' });
  const certificate = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(directory, { recursive: true });
  const proxy = createTlsServer(certificate, (request, response) => {
    const { method, url: path } = request;
    const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
    const upstream = send(target, { method, path, headers }, (upstreamResponse) => {
      response.writeHead(upstreamResponse.statusCode!, upstreamResponse.headers);
      upstreamResponse.pipe(response);
    });
    request.pipe(upstream);
  });
  proxy.listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  return proxy;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
