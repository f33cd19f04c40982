import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { ClientResponse } from '../support/client.js';
import { addMenu, fetchAllPages } from '../support/menus.js';
import { describeUnless } from '../support/describe-unless.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { straceUnavailableReason, traced, tracedCalls } from '../support/strace.js';

const describeTraced = describeUnless(await straceUnavailableReason());
const SYNC = 'fsync,fdatasync';
/** Several processes start, and strace slows each of them down. */
const TIMEOUT_MS = 120_000;
/** Enough to start a checkpoint, which SQLite tries with every commit beyond 128 pages in the log. */
const CHECKPOINT_BYTES = 600_000;

let directory: string;
let database: string;
let databaseUrl: string;
let trace: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barista-durability-'));
  database = join(directory, 'barista.db');
  databaseUrl = `sqlite:${database}`;
  trace = join(directory, 'trace');
});

afterEach(async () => {
  await killLeftovers();
  await rm(directory, { recursive: true });
});

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `menu-${index}-of-many`);
const start = (command?: [string, ...string[]]): Promise<ProcessApp> => ProcessApp.start({}, { databaseUrl, command });
const namesIn = async (app: ProcessApp): Promise<string[]> =>
  (await fetchAllPages(app.client(), 'limit=100')).map(({ name }) => name);
const integrity = (): unknown => new Sqlite(database).pragma('integrity_check', { simple: true });

describeTraced('durability of acknowledged writes', () => {
  it(
    'syncs the write itself before the response leaves',
    async () => {
      const calls = ['-s', '9000', '-e', `trace=write,writev,sendmsg,pwrite64,${SYNC}`];
      const app = await start(traced(trace, ...calls));
      const member = app.client();
      await member.signUpAndLogIn();
      const names = numbered(40);
      for (const name of names.slice(0, 8)) await addMenu(member, { name });
      await Promise.all(names.slice(8).map((name) => addMenu(member, { name })));
      await app.stop();

      const seen = await tracedCalls(trace, app.pid);
      const find = (call: RegExp, name = '', from = 0): number =>
        seen.findIndex((line, index) => index >= from && call.test(line) && line.includes(name));
      for (const name of names) {
        const written = find(/^pwrite64\(\d+<.*\/barista\.db-wal>/, name);
        const synced = find(/^(fsync|fdatasync)\(\d+<.*\/barista\.db-wal>/, '', written);
        const answered = find(/^(write|writev|sendmsg)\(\d+<(socket|TCP)/, name);
        expect([written, synced, answered]).not.toContain(-1);
        expect(written < synced && synced < answered).toBe(true);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'syncs a job and its file before it is accepted',
    async () => {
      const app = await start(traced(trace, '-s', '9000', '-e', `trace=write,writev,sendmsg,pwrite64,${SYNC}`));
      const member = app.client();
      await member.signUpAndLogIn();
      const header = 'sepal_length,sepal_width,petal_length,petal_width';
      const rows = `${header}\n${'5.1,3.5,1.4,0.2\n'.repeat(10_000)}7.7,3.8,6.7,2.2\n`;
      const { status, body } = await member.request('POST', '/models/iris/jobs', {
        headers: { 'content-type': 'text/csv' },
        raw: rows,
      });
      expect(status).toBe(202);
      await app.stop();

      const seen = await tracedCalls(trace, app.pid);
      const writes = /^pwrite64\(\d+<.*\/barista\.db-wal>/;
      const last = (text: string, before: number): number =>
        seen.findLastIndex((line, index) => index < before && writes.test(line) && line.includes(text));
      const accepted = seen.findIndex((line) => /^(write|writev|sendmsg)\(/.test(line) && line.includes(' 202 '));
      const synced = seen.findLastIndex((line, index) => index < accepted && /^f(data)?sync\(.*-wal>/.test(line));
      expect(last('7.7,3.8,6.7,2.2', accepted)).toBeGreaterThan(-1);
      expect(last(body.id, accepted)).toBeGreaterThan(last('7.7,3.8,6.7,2.2', accepted));
      expect(synced).toBeGreaterThan(last(body.id, accepted));
    },
    TIMEOUT_MS,
  );

  it(
    'keeps only acknowledged writes when a sync fails, and accepts the next write',
    async () => {
      const failing = ['-P', `${database}-wal`, '-e', `trace=${SYNC}`, '-e', `inject=${SYNC}:error=EIO:when=30..34`];
      const first = await start();
      await first.client().signUpAndLogIn();
      await first.stop();
      const app = await start(traced(trace, ...failing));
      const member = app.client();
      await member.signUpAndLogIn();
      const responses = new Map<string, ClientResponse>();
      for (const name of numbered(50)) responses.set(name, await member.post('/menus', { name, price: 1 }));
      const refused = [...responses.values()].filter(({ status }) => status !== 201);
      const words = refused.map(({ status, body, headers }) => `${status} ${body.code} ${headers.get('retry-after')}`);
      expect(words).toEqual(Array.from({ length: 5 }, () => '503 database.unavailable 1'));
      const acknowledged = [...responses].filter(([, { status }]) => status === 201).map(([name]) => name);
      expect(acknowledged).toHaveLength(45);
      expect(await namesIn(app)).toEqual(acknowledged);
      await app.stop('SIGKILL');

      const restarted = await start();
      expect(await namesIn(restarted)).toEqual(acknowledged);
      await restarted.stop();
    },
    TIMEOUT_MS,
  );

  // Only a checkpoint writes to the database file. It fails at the first page or in the middle.
  it.each([1, 12])(
    'survives a checkpoint that fails at page %d, followed by SIGKILL',
    async (page) => {
      await (await start()).stop();
      const breaking = ['-P', database, '-e', 'trace=pwrite64', '-e', `inject=pwrite64:error=EIO:when=${page}+`];
      const app = await start(traced(trace, ...breaking));
      const member = app.client();
      await member.signUpAndLogIn();
      const acknowledged: string[] = [];
      while ((await stat(`${database}-wal`)).size < CHECKPOINT_BYTES) {
        const name = `menu ${acknowledged.length}`;
        await addMenu(member, { name });
        acknowledged.push(name);
      }
      await app.stop('SIGKILL');
      const calls = await tracedCalls(trace, app.pid);
      expect(calls).toContainEqual(expect.stringMatching(/^pwrite64\(\d+<.*\/barista\.db>.*\(INJECTED\)$/));

      const restarted = await start();
      expect(restarted.lines.map(({ msg }) => msg)).toContain('the database is intact');
      expect(await namesIn(restarted)).toEqual(acknowledged);
      await restarted.stop();
      expect(integrity()).toBe('ok');
    },
    TIMEOUT_MS,
  );
});

describe('the write-ahead log', () => {
  const MAX_BYTES = 1_000_000;

  it(
    'stays small under continuous readers',
    async () => {
      const app = await start();
      const member = app.client();
      await member.signUpAndLogIn();
      let isOver = false;
      const readers = Array.from({ length: 2 }, async () => {
        const reader = app.client();
        while (!isOver) expect((await reader.get('/menus?limit=10&sort=-name')).status).toBe(200);
      });
      const sizes: number[] = [];
      for (const name of numbered(400)) {
        await addMenu(member, { name });
        sizes.push((await stat(`${database}-wal`)).size);
      }
      isOver = true;
      await Promise.all(readers);
      expect(Math.max(...sizes)).toBeLessThan(MAX_BYTES);
      await app.stop();
    },
    TIMEOUT_MS,
  );
});
