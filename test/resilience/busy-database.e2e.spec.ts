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

/** Upper bound for a request that only reads: far above its usual duration, far below the wait of a write. */
const STALL_MS = 2_500;
const REPETITIONS = 2;
const TIMEOUT_MS = 60_000;

/** Takes the write lock again and again, with short pauses, until its input ends. */
const GREEDY_WRITER = `
  const connection = new (require('better-sqlite3'))(process.argv[1], { timeout: 5000 });
  let isDone = false;
  process.stdin.on('end', () => (isDone = true)).resume();
  (async () => {
    for (let round = 0; !isDone; round += 1) {
      connection.exec('BEGIN IMMEDIATE; UPDATE menu SET price = price + 1');
      await new Promise((resolve) => setTimeout(resolve, 40));
      connection.exec('COMMIT');
      if (round === 0) console.log('writing');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
`;

describe('SQLite with a second writing process', () => {
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

  /** @returns the durations, in milliseconds, of the read requests sent while `work` is pending */
  async function durationsDuring(work: Promise<unknown>): Promise<number[]> {
    let isDone = false;
    void work.finally(() => (isDone = true)).catch(() => undefined);
    const durations: number[] = [];
    while (!isDone) {
      for (const path of ['/health/live', '/menus', '/auth/me']) {
        const begun = performance.now();
        expect((await member.get(path)).status).toBe(200);
        durations.push(performance.now() - begun);
      }
    }
    return durations;
  }

  it(
    'rejects writes with 503 within seconds, and delays no read, while the other process keeps the lock',
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
    TIMEOUT_MS,
  );

  it(
    'completes every write, and delays no read, while the other process writes continuously',
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
    TIMEOUT_MS,
  );

  it(
    'serves without delay while npm run admin writes repeatedly',
    async () => {
      const variables = { DATABASE_URL: `sqlite:${database}` };
      const commands = (async () => {
        for (let round = 0; round < REPETITIONS; round += 1) {
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
    TIMEOUT_MS,
  );
});
