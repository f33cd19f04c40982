import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { ClientResponse, Client } from '../support/client.js';
import { OpenApiDocument, type Operation } from '../support/openapi-document.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS } from '../support/reliability.js';

const SESSION_SECRET = 'canary-of-the-session-secret-0123456789';
const METRICS_TOKEN = 'canary-of-the-metrics-token-0123456789';
const PASSWORD = 'canary of the password 0123456789';
const NEW_PASSWORD = 'canary of the new password 0123456789';
const WRONG_PASSWORD = 'canary of a wrong password 0123456789';
const EMAIL = 'canary@cafe.example';
const UNLUCKY = 'unlucky-canary@cafe.example';

describe('secrets', () => {
  let directory: string;
  let app: ProcessApp;
  let document: OpenApiDocument;
  let client: Client;
  let key: string;
  let cookie: string;
  let secrets: string[];
  const responses: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-secrets-'));
    const file = join(directory, 'barista.db');
    const settings = { SESSION_SECRET, METRICS_TOKEN, LOG_LEVEL: 'trace', TRUST_PROXY: '1' };
    app = await ProcessApp.start(settings, { databaseUrl: `sqlite:${file}` });
    breakSignUpOf(file, UNLUCKY);
    document = await OpenApiDocument.of(app.client());
    client = app.client();
    await client.post('/auth/signup', { email: EMAIL, password: PASSWORD });
    await client.post('/auth/login', { email: EMAIL, password: PASSWORD });
    cookie = client.cookies.get('barista.sid')!;
    key = (await client.post('/auth/api-keys', { name: 'canary' })).body.key;
    const id = decodeURIComponent(cookie).slice(2);
    secrets = [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, key, id, id.slice(0, id.lastIndexOf('.')), METRICS_TOKEN];
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'are in no response, wherever they are sent',
    async () => {
      for (const operation of document.operations) {
        for (const secret of secrets) {
          for (const response of await misplace(operation, secret)) keep(response);
        }
      }
      expect(responses.length).toBeGreaterThan(1_000);
      expect(leaksIn(responses.join('\n'))).toEqual([]);
    },
    ATTACK_MS,
  );

  it('are in no response of the operations that take them', async () => {
    const cookies = { 'x-forwarded-for': '10.4.0.1' };
    keep(await client.post('/auth/login', { email: EMAIL, password: WRONG_PASSWORD }, { headers: cookies }));
    keep(await client.get('/metrics', { headers: { authorization: `Bearer ${METRICS_TOKEN}` } }));
    for (const path of ['/auth/me', '/auth/sessions', '/auth/api-keys', '/menus', '/health/ready', '/', '/docs']) {
      keep(await client.get(path, { headers: { authorization: `Bearer ${key}` } }));
      keep(await client.get(path));
    }
    keep(await client.post('/auth/password', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }));
    keep(await client.delete('/auth/me', { password: WRONG_PASSWORD }));
    expect(leaksIn(responses.join('\n'))).toEqual([]);
  });

  it('do not leak, nor do hashes, when a write fails', async () => {
    const response = await client.post('/auth/signup', { email: UNLUCKY, password: PASSWORD });
    expect(response).toMatchObject({ status: 500, body: { code: 'internal' } });
    keep(response);
    await app.line('unexpected error');
    expect(leaksIn(responses.join('\n'))).toEqual([]);
  });

  it('are not in the log', async () => {
    expect((await client.delete('/auth/me', { password: NEW_PASSWORD })).status).toBe(204);
    await app.line('auth.withdrawn');
    const { lines, stderr } = await app.stop();
    expect(lines.length).toBeGreaterThan(responses.length);
    expect(leaksIn(JSON.stringify(lines) + stderr)).toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(EMAIL);
  });

  function keep({ status, text, headers }: ClientResponse): void {
    responses.push([status, ...[...headers].map(([name, value]) => `${name}: ${value}`), text].join('\n'));
  }

  function leaksIn(text: string): string[] {
    const encoded = [SESSION_SECRET, ...secrets].flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      JSON.stringify(secret).slice(1, -1),
    ]);
    // A Set-Cookie header contains session ids by design.
    const others = text.replace(/^set-cookie: .*$/gm, '');
    return [...encoded, UNLUCKY, '$argon2'].filter((secret) => others.includes(secret));
  }

  /** Requests with a secret in places where no secret belongs. */
  async function misplace(operation: Operation, secret: string): Promise<ClientResponse[]> {
    const { method, requestBody } = operation;
    const path = document.address(operation);
    const basic = Buffer.from(`${EMAIL}:${secret}`).toString('base64');
    const json = { 'content-type': 'application/json' };
    const example = document.bodyExample(operation);
    const bodies = [
      { json: { ...(example as object), nonsense: secret } },
      { json: { ...(example as object), email: [secret], name: { secret }, price: secret, inputs: secret } },
      { raw: `{"password":"${secret}"`, headers: json },
      { raw: JSON.stringify(secret), headers: json },
      {
        raw: `password=${encodeURIComponent(secret)}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      { raw: secret, headers: { 'content-type': 'text/plain' } },
    ];
    const requests = [
      { query: `?token=${encodeURIComponent(secret)}` },
      { headers: { authorization: `Basic ${basic}` } },
      { headers: { authorization: `Token ${secret}` } },
      { headers: { cookie: `barista.sid=${encodeURIComponent(secret)}; other=${encodeURIComponent(secret)}` } },
      { headers: { 'if-match': `"${secret}"`, 'if-none-match': `"${secret}"`, referer: `http://x/?${secret}` } },
      ...(requestBody ? bodies : []),
    ];
    const all = requests.map(({ query = '', ...rest }: { query?: string; headers?: object }) => {
      const headers = { 'x-forwarded-for': '10.3.0.1', ...rest.headers } as Record<string, string>;
      return app.client().request(method, path + query, { ...rest, headers });
    });
    return Promise.all(all);
  }
});

describe('line breaks', () => {
  const FORGED = '{"level":"info","msg":"forged"}';
  let app: ProcessApp;

  beforeAll(async () => {
    app = await ProcessApp.start();
  });

  afterAll(killLeftovers);

  it('in names, e-mails, paths and headers forge no log line', async () => {
    const breaks = ['\r\n', '\n', '\r', '\u2028', '\u0085', '\u001b[2K'];
    const client = app.client();
    await client.signUpAndLogIn();
    for (const text of breaks.map((end) => `x${end}${FORGED}${end}`)) {
      await client.post('/auth/signup', { email: `a${text}@cafe.example`, password: 'eight or more', name: text });
      await client.post('/auth/signup', {
        email: `break-${text.length}@cafe.example`,
        password: 'eight or more',
        name: text,
      });
      await client.post('/auth/login', { email: text, password: text });
      await client.post('/auth/api-keys', { name: text });
      await client.get(`/menus/${encodeURIComponent(text)}?name=${encodeURIComponent(text)}`);
      await client.delete(`/auth/sessions/${encodeURIComponent(text)}`);
    }
    await client.post('/auth/logout');
    await app.line('auth.logout');
    // `lines` is the log, split at line breaks and parsed as JSON.
    expect(app.lines.filter(({ msg }) => msg === 'forged')).toEqual([]);
    expect(app.lines.every(({ level, msg, time }) => Boolean(level && msg && time))).toBe(true);
  });

  it.each([
    ['a request id', ['GET /health/live HTTP/1.1', 'X-Request-Id: a%0d%0aX-Forged: 1']],
    ['a bare CR', ['GET /health/live HTTP/1.1', 'X-Request-Id: a\rX-Forged: 1']],
    ['a bare LF', ['GET /health/live HTTP/1.1', 'X-Request-Id: a\nX-Other: 1']],
    ['a folded line', ['GET /health/live HTTP/1.1', 'X-Request-Id: a', ' X-Forged: 1']],
    ['a path', ['GET /menus/%0d%0aX-Forged:%201 HTTP/1.1']],
    ['a static path', ['GET /docs/assets/%0d%0aX-Forged:%201/.. HTTP/1.1']],
    ['the address of another host', ['GET //evil.example/%2e%2e HTTP/1.1']],
    ['the address of another host in a static path', ['GET /docs/assets//evil.example/.. HTTP/1.1']],
    ['a folder', ['GET /docs/assets HTTP/1.1']],
    ['an origin', ['OPTIONS /menus HTTP/1.1', 'Origin: https://evil.example%0d%0aX-Forged: 1']],
    ['a host', ['GET / HTTP/1.1', 'Host: evil.example%0d%0aX-Forged: 1']],
  ])('in %s inject no response header', async (_, lines) => {
    const host = lines.some((line) => line.startsWith('Host:')) ? [] : ['Host: localhost'];
    const head = headOf(await exchange(app.url, [...lines, ...host, 'Connection: close', '', ''].join('\r\n')));
    expect(head).toMatch(/^HTTP\/1\.1 [2-4]\d\d /);
    expect(head).not.toMatch(/^(x-forged|set-cookie|access-control-allow-origin):/im);
    expect(/^x-request-id: (.*)$/im.exec(head)?.[1]).toMatch(/^[\w.:-]{1,128}$/);
    // No redirect leads to another host.
    expect(/^location: (.*)$/im.exec(head)?.[1] ?? '/').toMatch(/^\/(?!\/)[\w/.:%-]*$/);
  });
});

/** Makes the sign-up with this e-mail fail in the database. */
function breakSignUpOf(file: string, email: string): void {
  const database = new Sqlite(file, { timeout: 5_000 });
  database.exec(`CREATE TRIGGER broken BEFORE INSERT ON member WHEN NEW.email = '${email}'
    BEGIN SELECT RAISE(ABORT, 'broken'); END`);
  database.close();
}

/** Sends raw bytes. @returns the bytes received until the server closes the connection */
function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1').on('data', (part: string) => (received += part));
    socket.on('error', reject).on('close', () => resolve(received));
  });
}

function headOf(response: string): string {
  return response.slice(0, response.indexOf('\r\n\r\n'));
}
