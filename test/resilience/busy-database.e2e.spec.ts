import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Client } from '../support/client.js';
import { addMenu } from '../support/menus.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT, run } from '../support/project.js';

/** What a caller may wait for a request that does not write: far more than one takes, far less than a write may wait. */
const STALL_MS = 2_500;
const ROUNDS = 2;
const PATIENCE_MS = 60_000;

/** Takes the write lock again and again, with short pauses, until its input ends. */
const GREEDY_WRITER = `
  const connection = new (require('better-sqlite3'))(process.argv[1], { timeout: 5000 });
  let isOver = false;
  process.stdin.on('end', () => (isOver = true)).resume();
  (async () => {
    for (let round = 0; !isOver; round += 1) {
      connection.exec('BEGIN IMMEDIATE; UPDATE menu SET price = price + 1');
      await new Promise((resolve) => setTimeout(resolve, 40));
      connection.exec('COMMIT');
      if (round === 0) console.log('writing');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
`;

describe('another process that writes', () => {
  let directory: string;
  let database: string;
  let app: ProcessApp;
  let member: Client;
  let email: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-busy-'));
    database = join(directory, 'barista.db');
    app = await ProcessApp.start({}, { databaseUrl: `sqlite:${database}` });
    member = app.client();
    ({ email } = await member.signUpAndLogIn());
    await addMenu(member, { name: 'Americano' });
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true });
  });

  /** While `work` goes on: how long each request that does not write took, in milliseconds. */
  async function durationsDuring(work: Promise<unknown>): Promise<number[]> {
    let isOver = false;
    void work.finally(() => (isOver = true)).catch(() => undefined);
    const durations: number[] = [];
    while (!isOver) {
      for (const path of ['/health/live', '/menus', '/auth/me']) {
        const begun = performance.now();
        expect((await member.get(path)).status).toBe(200);
        durations.push(performance.now() - begun);
      }
    }
    return durations;
  }

  it(
    'and never ends makes writes give up in seconds, and nobody else wait',
    async () => {
      const other = new Sqlite(database);
      other.exec('BEGIN IMMEDIATE');
      const writing = Promise.all([1, 2, 3].map((price) => member.post('/menus', { name: 'Refused', price })));
      const durations = await durationsDuring(writing);
      other.exec('ROLLBACK');
      other.close();
      for (const { status, headers, body } of await writing) {
        expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database.unavailable', '1']);
      }
      expect(durations.length).toBeGreaterThan(30);
      expect(Math.max(...durations)).toBeLessThan(STALL_MS);
      expect((await member.get('/menus?name=refused')).body.items).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'all the time leaves room for every write, and nobody else waits',
    async () => {
      const args = ['-e', GREEDY_WRITER, database];
      const greedy = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
      await once(greedy.stdout, 'data');
      const writing = (async () => {
        for (let index = 0; index < 30; index += 1) await addMenu(member, { name: `Beside ${index}` });
      })();
      const durations = await durationsDuring(writing);
      await writing;
      greedy.stdin.end();
      await once(greedy, 'exit');
      expect(Math.max(...durations)).toBeLessThan(STALL_MS);
    },
    PATIENCE_MS,
  );

  it(
    'as npm run admin does, again and again, disturbs nobody',
    async () => {
      const variables = { DATABASE_URL: `sqlite:${database}` };
      const commands = (async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          for (const verb of ['grant', 'revoke']) {
            const finished = await run(process.execPath, ['dist/src/cli/admin.command.js', verb, email], {
              variables,
            });
            expect(finished).toMatchObject({ code: 0, stderr: '' });
            await addMenu(member, { name: `After ${verb} ${round}` });
          }
        }
      })();
      const durations = await durationsDuring(commands);
      await commands;
      expect(Math.max(...durations)).toBeLessThan(STALL_MS);
    },
    PATIENCE_MS,
  );
});
