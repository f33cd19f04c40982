import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../support/client.js';
import { fetchAllPages, type MenuBody } from '../support/menus.js';
import { describeUnless } from '../support/describe-unless.js';
import { killLeftovers, MAIN, ProcessApp } from '../support/process-app.js';
import { run } from '../support/project.js';
import { fillDisk, onSmallDisk, smallDiskUnavailableReason } from '../support/small-disk.js';

const describeOnSmallDisk = describeUnless(await smallDiskUnavailableReason());
const MIN_REFUSALS = 40;
const MAX_ROUNDS = 500;
const WRITERS = 8;
const TIMEOUT_MS = 60_000;
const NEWCOMER = { email: 'newcomer@cafe.example', password: 'a cup of good coffee' };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barista-full-'));
});

afterEach(async () => {
  await killLeftovers();
  await rm(directory, { recursive: true, force: true });
});

interface Writes {
  readonly acknowledged: string[];
  readonly refused: { readonly status: number; readonly code: string }[];
}

/** Writes concurrently until enough writes have been refused. */
async function writeUntilRefused(member: Client): Promise<Writes> {
  const acknowledged: string[] = [];
  const refused: Writes['refused'][number][] = [];
  for (let round = 0; round < MAX_ROUNDS && refused.length < MIN_REFUSALS; round += 1) {
    const names = Array.from({ length: WRITERS }, (_, index) => `menu ${round} ${index}`);
    const responses = await Promise.all(names.map((name) => member.post('/menus', { name, price: 1 })));
    responses.forEach(({ status, body }, index) => {
      if (status === 201) acknowledged.push(names[index]!);
      else refused.push({ status, code: body.code });
    });
  }
  return { acknowledged, refused };
}

async function namesIn(app: ProcessApp): Promise<string[]> {
  const menus: MenuBody[] = await fetchAllPages(app.client(), 'limit=100');
  return menus.map(({ name }) => name).sort();
}

/** Reads succeed. Writes are refused and have no effect. */
async function expectOnlyReads(app: ProcessApp, member: Client, refusal: number): Promise<void> {
  for (const path of ['/menus', '/auth/me', '/health/live', '/health/ready']) {
    expect([path, (await member.get(path)).status]).toEqual([path, 200]);
  }
  expect((await app.client().post('/auth/signup', NEWCOMER)).status).toBe(refusal);
  expect((await member.post('/auth/logout')).status).toBe(refusal);
  expect((await member.get('/auth/me')).status).toBe(200);
}

async function expectWrites(app: ProcessApp, member: Client): Promise<void> {
  expect((await member.post('/menus', { name: 'Room again', price: 1 })).status).toBe(201);
  expect((await app.client().post('/auth/signup', NEWCOMER)).status).toBe(201);
}

describeOnSmallDisk('a full disk', () => {
  it(
    'rejects writes with 507, loses nothing, and accepts writes again when there is space',
    async () => {
      const databaseUrl = `sqlite:${join(directory, 'barista.db')}`;
      const app = await ProcessApp.start({}, { databaseUrl, command: onSmallDisk(directory) });
      const member = app.client();
      await member.signUpAndLogIn();
      const makeRoom = await fillDisk(app.pid, directory);

      const { acknowledged, refused } = await writeUntilRefused(member);
      expect(refused.length).toBeGreaterThanOrEqual(MIN_REFUSALS);
      expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['507 database.full']));
      await expectOnlyReads(app, member, 507);
      expect(await namesIn(app)).toEqual(acknowledged.toSorted());

      await makeRoom();
      await expectWrites(app, member);
      expect(await namesIn(app)).toEqual([...acknowledged, 'Room again'].sort());
      expect(app.lines.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
      expect(await app.stop()).toMatchObject({ code: 0, stderr: '' });
    },
    TIMEOUT_MS,
  );
});

/**
 * RLIMIT_FSIZE needs no privilege. SQLite sees it as a failing disk. The write-ahead log reaches the limit before its first checkpoint, which
 * would make space again.
 */
describe('a limit on the file size', () => {
  it(
    'rejects writes with 503, and loses nothing, even after SIGKILL',
    async () => {
      const databaseUrl = `sqlite:${join(directory, 'barista.db')}`;
      const limited = ['prlimit', '--fsize=500000:unlimited', process.execPath, MAIN] as const;
      const app = await ProcessApp.start({}, { databaseUrl, command: [...limited] });
      const member = app.client();
      await member.signUpAndLogIn();

      const { acknowledged, refused } = await writeUntilRefused(member);
      expect(acknowledged).not.toEqual([]);
      const words = refused.map(({ status, code }) => `${status} ${code}`);
      expect(new Set(words)).toEqual(new Set(['503 database.unavailable']));
      expect(words.length).toBeGreaterThanOrEqual(MIN_REFUSALS);
      await expectOnlyReads(app, member, 503);
      await app.stop('SIGKILL');

      const restarted = await ProcessApp.start({}, { databaseUrl });
      expect(await namesIn(restarted)).toEqual(acknowledged.sort());
      await restarted.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'accepts writes again as soon as the limit is lifted',
    async () => {
      const databaseUrl = `sqlite:${join(directory, 'barista.db')}`;
      const limited = ['prlimit', '--fsize=500000:unlimited', process.execPath, MAIN] as const;
      const app = await ProcessApp.start({}, { databaseUrl, command: [...limited] });
      const member = app.client();
      await member.signUpAndLogIn();
      const { acknowledged } = await writeUntilRefused(member);
      expect(await run('prlimit', ['--pid', String(app.pid), '--fsize=unlimited'])).toMatchObject({ code: 0 });
      await expectWrites(app, member);
      expect(await namesIn(app)).toEqual([...acknowledged, 'Room again'].sort());
      expect(await app.stop()).toMatchObject({ code: 0 });
    },
    TIMEOUT_MS,
  );
});
