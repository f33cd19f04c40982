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
/** SQLite's busy timeout blocks the event loop. */
const MAX_BUSY_TIMEOUT_MS = 50;
/** A write that blocked the event loop while it waits would let only a few other requests through. */
const ENOUGH_RESPONSES = 60;

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

  it('syncs every acknowledged write to the disk, and never blocks the event loop for long', async () => {
    await write(async (manager) => {
      expect(await pragma(manager, 'synchronous')).toBe(FULL);
      expect(await pragma(manager, 'journal_mode')).toBe('wal');
      expect(await pragma(manager, 'foreign_keys')).toBe(1);
      expect(await pragma(manager, 'query_only')).toBe(0);
      expect(await pragma(manager, 'busy_timeout')).toBeLessThanOrEqual(MAX_BUSY_TIMEOUT_MS);
    });
  });

  it('fails a write that waits for itself, and continues with the next', async () => {
    const inner = write(() => write(() => Promise.resolve('never')));
    await expect(inner).rejects.toMatchObject({ code: 'database.unavailable' });
    expect(await write(() => Promise.resolve('next'))).toBe('next');
  });

  it('reads through a read-only connection', async () => {
    const reading = app.app.get(DataSource);
    expect(await pragma(reading, 'query_only')).toBe(1);
    expect(await pragma(reading, 'busy_timeout')).toBeLessThanOrEqual(MAX_BUSY_TIMEOUT_MS);
    await expect(reading.query(`DELETE FROM menu`)).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    await expect(reading.getRepository('Menu').delete({ id: 1 })).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
  });

  it('hides a write from readers until its commit', async () => {
    const { id } = await addMenu(member, { name: 'Before' });
    await write(async (manager) => {
      await manager.update('Menu', { id }, { name: 'After' });
      expect((await member.get(`/menus/${id}`)).body.name).toBe('Before');
    });
    expect((await member.get(`/menus/${id}`)).body.name).toBe('After');
  });

  it('serves reads while another process holds the write lock, and writes afterwards', async () => {
    const other = lockedByAnother(file);
    const adding = addMenu(member, { name: 'Patient' });
    expect(await responsesBefore(adding)).toBe(ENOUGH_RESPONSES);
    other.release();
    expect((await member.get(`/menus/${(await adding).id}`)).body.name).toBe('Patient');
  });

  it('responds with 503 and changes nothing when another process keeps the write lock', async () => {
    const other = lockedByAnother(file);
    const responses = Promise.all([1, 2].map((price) => member.post('/menus', { name: 'Impatient', price })));
    expect(await responsesBefore(responses)).toBe(ENOUGH_RESPONSES);
    await responses;
    other.release();
    for (const { status, headers, body } of await responses) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database.unavailable', '1']);
    }
    expect((await member.get('/menus?name=impatient')).body.items).toEqual([]);
    expect((await addMenu(member, { name: 'Back again' })).name).toBe('Back again');
  });

  it('rolls back a failed unit of work, including a nested transaction', async () => {
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

  it('applies each migration once when processes start together', async () => {
    const fresh = join(directory, 'fresh.db');
    const options = await dataSourceOptions(readSettings(DatabaseSettings, { DATABASE_URL: `sqlite:${fresh}` }));
    await Promise.all([1, 2, 3].map(() => migrate(options)));
    const migrations = new Sqlite(fresh, { readonly: true }).prepare('SELECT name FROM migrations').pluck().all();
    expect(migrations).toContainEqual(expect.stringContaining('CreateMenus'));
    expect(new Set(migrations).size).toBe(migrations.length);
  });

  /** @returns the number of responses to other requests while `work` is pending, at most `ENOUGH_RESPONSES` */
  async function responsesBefore(work: Promise<unknown>): Promise<number> {
    let isSettled = false;
    void work.finally(() => (isSettled = true)).catch(() => undefined);
    let responses = 0;
    while (responses < ENOUGH_RESPONSES) {
      expect((await member.get('/health/live')).status).toBe(200);
      if (isSettled) break;
      responses += 1;
    }
    return responses;
  }
});

/** Takes the write lock with a connection of its own. */
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
