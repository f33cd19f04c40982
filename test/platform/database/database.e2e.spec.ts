import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { DataSource, type EntityManager } from 'typeorm';
import { readSettings } from '../../../src/platform/config/index.js';
import { DatabaseSettings, dataSourceOptions, migrate, UnitOfWork } from '../../../src/platform/database/index.js';
import type { Client } from '../../support/client.js';
import { addMenu } from '../../support/menus.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const FULL = 2;
/** A busy timeout stops the event loop for as long as it waits. */
const MAX_BUSY_TIMEOUT_MS = 50;
/** A write that blocks the event loop while it waits lets only a few others through before it gives up. */
const ENOUGH_ANSWERS = 60;

describe('the SQLite database', () => {
  let directory: string;
  let file: string;
  let app: TestApp;
  let member: Client;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-database-'));
    file = join(directory, 'barista.db');
    app = await startTestApp({ DATABASE_URL: `sqlite:${file}` });
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  });

  const write = <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> => app.app.get(UnitOfWork).run(work);
  const pragma = async (source: DataSource | EntityManager, name: string): Promise<unknown> => {
    const rows = await source.query<Record<string, unknown>[]>(`PRAGMA ${name}`);
    return Object.values(rows[0] ?? {})[0];
  };

  it('has every acknowledged write on the disk, and waits without stopping everybody', async () => {
    await write(async (manager) => {
      expect(await pragma(manager, 'synchronous')).toBe(FULL);
      expect(await pragma(manager, 'journal_mode')).toBe('wal');
      expect(await pragma(manager, 'foreign_keys')).toBe(1);
      expect(await pragma(manager, 'query_only')).toBe(0);
      expect(await pragma(manager, 'busy_timeout')).toBeLessThanOrEqual(MAX_BUSY_TIMEOUT_MS);
    });
  });

  it('ends a write that waits for itself, and goes on with the next', async () => {
    const inner = write(() => write(() => Promise.resolve('never')));
    await expect(inner).rejects.toMatchObject({ code: 'database.unavailable' });
    expect(await write(() => Promise.resolve('next'))).toBe('next');
  });

  it('is read through a connection that cannot write', async () => {
    const reading = app.app.get(DataSource);
    expect(await pragma(reading, 'query_only')).toBe(1);
    expect(await pragma(reading, 'busy_timeout')).toBeLessThanOrEqual(MAX_BUSY_TIMEOUT_MS);
    await expect(reading.query(`DELETE FROM menu`)).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    await expect(reading.getRepository('Menu').delete({ id: 1 })).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
  });

  it('shows nobody a write before it is whole', async () => {
    const { id } = await addMenu(member, { name: 'Before' });
    await write(async (manager) => {
      await manager.update('Menu', { id }, { name: 'After' });
      expect((await member.get(`/menus/${id}`)).body.name).toBe('Before');
    });
    expect((await member.get(`/menus/${id}`)).body.name).toBe('After');
  });

  it('serves on while another process writes, and then writes too', async () => {
    const other = lockedByAnother(file);
    const adding = addMenu(member, { name: 'Patient' });
    expect(await answersBefore(adding)).toBe(ENOUGH_ANSWERS);
    other.release();
    expect((await member.get(`/menus/${(await adding).id}`)).body.name).toBe('Patient');
  });

  it('gives up on a process that never ends its write, and changes nothing', async () => {
    const other = lockedByAnother(file);
    const answers = Promise.all([1, 2].map((price) => member.post('/menus', { name: 'Impatient', price })));
    expect(await answersBefore(answers)).toBe(ENOUGH_ANSWERS);
    await answers;
    other.release();
    for (const { status, headers, body } of await answers) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database.unavailable', '1']);
    }
    expect((await member.get('/menus?name=impatient')).body.items).toEqual([]);
    expect((await addMenu(member, { name: 'Back again' })).name).toBe('Back again');
  });

  it('is as it was where a unit of work fails, also in a transaction within', async () => {
    const { id } = await addMenu(member, { name: 'Untouched' });
    const failing = write(async (manager) => {
      await manager.update('Menu', { id }, { name: 'Touched' });
      await manager.transaction((within) => within.update('Menu', { id }, { name: 'Touched again' }));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await member.get(`/menus/${id}`)).body.name).toBe('Untouched');
  });

  it('has the schema that the entities describe', async () => {
    const { upQueries } = await app.app.get(DataSource).driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('is migrated once by processes that start together', async () => {
    const fresh = join(directory, 'fresh.db');
    const options = await dataSourceOptions(readSettings(DatabaseSettings, { DATABASE_URL: `sqlite:${fresh}` }));
    await Promise.all([1, 2, 3].map(() => migrate(options)));
    const migrations = new Sqlite(fresh, { readonly: true }).prepare('SELECT name FROM migrations').pluck().all();
    expect(migrations).toContainEqual(expect.stringContaining('CreateMenus'));
    expect(new Set(migrations).size).toBe(migrations.length);
  });

  /** How many others are answered, of as many as are enough, while `work` still waits. */
  async function answersBefore(work: Promise<unknown>): Promise<number> {
    let isOver = false;
    void work.finally(() => (isOver = true)).catch(() => undefined);
    let answers = 0;
    while (answers < ENOUGH_ANSWERS) {
      expect((await member.get('/health/live')).status).toBe(200);
      if (isOver) break;
      answers += 1;
    }
    return answers;
  }
});

/** The write lock in the hands of a connection that is not the application's. */
function lockedByAnother(file: string): { release(): void } {
  const connection = new Sqlite(file);
  connection.exec('BEGIN IMMEDIATE');
  return {
    release: () => {
      connection.exec('ROLLBACK');
      connection.close();
    },
  };
}
