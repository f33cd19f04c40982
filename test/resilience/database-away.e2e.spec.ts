import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilStatus } from '../support/until.js';
import type { ClientResponse, Client } from '../support/client.js';
import { addMenu, fetchAllPages } from '../support/menus.js';
import { describeUnless } from '../support/describe-unless.js';
import { findPostgres, type PostgresServer, postgresUnavailableReason, startPostgres } from '../support/postgres.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { Relay } from '../support/relay.js';

const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
const TIMEOUT_MS = 60_000;

afterEach(killLeftovers);

function expectUnavailable({ status, headers, body }: ClientResponse): void {
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database.unavailable', '1']);
  expect(headers.getSetCookie()).toEqual([]);
}

const bin = findPostgres();
const describeWithPostgres = describeUnless(postgresUnavailableReason(bin));

describeWithPostgres('an outage of PostgreSQL', () => {
  let postgres: PostgresServer;

  beforeAll(async () => {
    postgres = await startPostgres(bin!);
  }, TIMEOUT_MS);

  afterAll(() => postgres.stop());

  const start = (): Promise<ProcessApp> => ProcessApp.start({}, { databaseUrl: postgres.url });

  it(
    'responds with 503 and authenticates nobody during the outage, and recovers afterwards',
    async () => {
      const app = await start();
      const member = app.client();
      const { email, password } = await member.signUpAndLogIn();
      const { body: key } = await member.post('/auth/api-keys', { name: 'till' });
      const withKey = { headers: { authorization: `Bearer ${key.key}` } };
      const { id } = await addMenu(member, { name: 'Americano' });
      const stranger = app.client();
      const menu = { name: 'Latte', price: 1 };

      await postgres.breakDown();
      for (const response of [
        await member.get('/auth/me'),
        await stranger.get('/auth/me', withKey),
        await member.get('/auth/sessions'),
        await member.post('/menus', menu),
        await stranger.post('/menus', menu, withKey),
        await member.delete(`/menus/${id}`),
        await stranger.get(`/menus/${id}`),
        await stranger.get('/menus'),
        await stranger.post('/auth/login', { email, password }),
        await stranger.post('/auth/login', { email, password: 'not the password' }),
        await stranger.post('/auth/signup', { email: 'new@cafe.example', password }),
        await member.post('/auth/logout'),
        await member.delete('/auth/me', { password }),
        await member.put('/models/iris/default', { version: '1' }),
      ]) {
        expectUnavailable(response);
      }
      expect((await stranger.get('/auth/me')).status).toBe(401);
      const forged = { headers: { cookie: 'barista.sid=s%3Aforged.forged' } };
      expect((await stranger.get('/auth/me', forged)).status).toBe(401);
      expect((await stranger.post('/predict', ROW)).body).toEqual({ result: [2] });
      expect((await stranger.get('/health/live')).status).toBe(200);
      const ready = await stranger.get('/health/ready');
      expect(ready).toMatchObject({ status: 503, body: { status: 'error', details: { database: 'down' } } });

      await postgres.comeBack();
      await untilStatus(stranger, '/health/ready', 200);
      expect((await member.get('/auth/me')).body.email).toBe(email);
      expect((await stranger.get('/auth/me', withKey)).status).toBe(200);
      await addMenu(member, { name: 'Cappuccino' });
      expect(app.lines.filter(({ msg, level }) => msg === 'unexpected error' || level === 'fatal')).toEqual([]);
      expect(await app.stop()).toMatchObject({ code: 0, stderr: '' });
    },
    TIMEOUT_MS,
  );

  it(
    'keeps every acknowledged write when the server stops under load, and responds to the others with 503',
    async () => {
      const app = await start();
      const members = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const member = app.client();
          await member.signUpAndLogIn();
          return member;
        }),
      );
      const acknowledged: string[] = [];
      const others: ClientResponse[] = [];
      let isOver = false;
      const write = async (member: Client, writer: number): Promise<void> => {
        for (let index = 0; !isOver; index += 1) {
          const name = `Breaking ${writer} ${index}`;
          const response = await member.post('/menus', { name, price: 1 });
          if (response.status === 201) acknowledged.push(name);
          else others.push(response);
        }
      };
      const writing = Promise.all(members.map(write));
      for (let round = 0; round < 3; round += 1) {
        const before = acknowledged.length;
        await untilStatus(app.client(), '/health/ready', 200);
        while (acknowledged.length < before + 50) await app.client().get('/health/live');
        await postgres.breakDown();
        await postgres.comeBack();
      }
      isOver = true;
      await writing;
      await untilStatus(app.client(), '/health/ready', 200);

      expect(others.length).toBeGreaterThan(0);
      others.forEach(expectUnavailable);
      const kept = new Set((await fetchAllPages(app.client(), 'name=breaking&limit=100')).map(({ name }) => name));
      expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
      expect(app.lines.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
      expect(await app.stop()).toMatchObject({ code: 0, stderr: '' });
    },
    TIMEOUT_MS,
  );

  it(
    'times out when the server falls silent, and opens a new connection',
    async () => {
      const relay = await Relay.start(postgres.url);
      const url = new URL(postgres.url);
      url.port = String(relay.port);
      const app = await ProcessApp.start({}, { databaseUrl: url.href });
      const many = (): Promise<ClientResponse[]> =>
        Promise.all(Array.from({ length: 20 }, () => app.client().get('/menus')));
      for (const { status } of await many()) expect(status).toBe(200);

      relay.silence();
      const refused = (await many()).filter(({ status }) => status !== 200);
      expect(refused).not.toEqual([]);
      refused.forEach(expectUnavailable);
      for (const { status } of await many()) expect(status).toBe(200);
      expect(await app.stop()).toMatchObject({ code: 0, stderr: '' });
      relay.stop();
    },
    TIMEOUT_MS,
  );
});

describe('SQLite when its files change underneath', () => {
  let directory: string;
  let database: string;
  let app: ProcessApp;
  let member: Client;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-away-'));
    database = join(directory, 'barista.db');
    app = await ProcessApp.start({}, { databaseUrl: `sqlite:${database}` });
    member = app.client();
    await member.signUpAndLogIn();
    await addMenu(member, { name: 'Before' });
  }, TIMEOUT_MS);

  afterEach(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true });
  });

  const names = async (): Promise<string[]> => (await fetchAllPages(member, 'limit=100')).map(({ name }) => name);

  /** A write to a displaced file fails, and the log tells the operator why. */
  async function expectRefusals(): Promise<void> {
    expectUnavailable(await member.post('/menus', { name: 'Refused', price: 1 }));
    expectUnavailable(await member.post('/auth/logout'));
    const ready = await member.get('/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { details: { database: 'down' } } });
    expect((await member.get('/health/live')).status).toBe(200);
    const told = app.lines.filter(({ msg }) => msg === 'failure').map(({ err }) => (err as Error).message);
    expect(told).toContainEqual(expect.stringMatching(/moved, removed or replaced.*put it back, or restart/));
  }

  it.each(['barista.db', 'barista.db-wal'])(
    'rejects writes while %s is moved away, and has lost nothing when it is back',
    async (name) => {
      const file = join(directory, name);
      await rename(file, `${file}.moved`);
      await expectRefusals();
      await rename(`${file}.moved`, file);
      expect((await member.get('/health/ready')).status).toBe(200);
      await addMenu(member, { name: 'After' });
      expect(await names()).toEqual(['Before', 'After']);
      expect(await app.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });

      app = await ProcessApp.start({}, { databaseUrl: `sqlite:${database}` });
      member = app.client();
      expect(await names()).toEqual(['Before', 'After']);
      await app.stop();
    },
  );

  it(
    'rejects writes after the file is removed, and keeps running',
    async () => {
      for (const ending of ['', '-wal', '-shm']) await rm(database + ending);
      await expectRefusals();
      expect(await app.stop()).toMatchObject({ code: 0, stderr: '' });
    },
    TIMEOUT_MS,
  );

  it(
    'does not touch a file that replaced the open one',
    async () => {
      const other = join(directory, 'other.db');
      await cp(database, other);
      const bytes = await readFile(other);
      await rename(other, database);
      await expectRefusals();
      expect(await app.stop()).toMatchObject({ code: 0, stderr: '' });
      expect(Buffer.compare(await readFile(database), bytes)).toBe(0);
    },
    TIMEOUT_MS,
  );
});
