import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { DataSource, type EntityManager } from 'typeorm';
import { configureWriter } from '../../../src/platform/database/data-source-options.js';
import { SqliteWriter } from '../../../src/platform/database/sqlite-writer.js';

describe('SqliteWriter', () => {
  let directory: string;
  let writer: SqliteWriter;
  let reader: Sqlite.Database;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-writer-'));
    const database = join(directory, 'a.db');
    const source = new DataSource({ type: 'better-sqlite3', database, prepareDatabase: configureWriter });
    writer = new SqliteWriter(await source.initialize());
    reader = new Sqlite(database, { readonly: true });
    await writer.run((manager) => manager.query('CREATE TABLE word (text TEXT PRIMARY KEY)'));
  });

  afterEach(async () => {
    reader.close();
    await writer.close();
    await rm(directory, { recursive: true });
  });

  const add = (text: string) => (manager: EntityManager) => manager.query('INSERT INTO word VALUES (?)', [text]);
  const words = (): unknown[] => reader.prepare('SELECT text FROM word ORDER BY text').pluck().all();
  const outcomes = (units: Promise<unknown>[]) => Promise.all(units.map((unit) => unit.then(() => 'done', String)));

  it('rolls back a failed unit alone, with everything that it wrote', async () => {
    const failing = async (manager: EntityManager): Promise<void> => {
      await add('half')(manager);
      throw new Error('no');
    };
    const units = [writer.run(add('a')), writer.run(failing), writer.run(add('a')), writer.run(add('b'))];
    expect(await outcomes(units)).toEqual(['done', 'Error: no', expect.stringContaining('UNIQUE'), 'done']);
    expect(words()).toEqual(['a', 'b']);
  });

  it('resolves no unit before the whole group is committed', async () => {
    const seen: unknown[][] = [];
    const units = ['a', 'b', 'c'].map((text) => writer.run(add(text)).then(() => seen.push(words())));
    await Promise.all(units);
    expect(seen).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  it('skips the fsync only if every unit of a group has delayed durability', async () => {
    // SQLite's numbers: https://sqlite.org/pragma.html#pragma_synchronous
    const [NORMAL, FULL] = [1, 2];
    const mode = (manager: EntityManager): Promise<unknown> => manager.query('PRAGMA synchronous');
    const modes = (...delayed: boolean[]) =>
      Promise.all(delayed.map((delayedDurability) => writer.run(mode, delayedDurability)));
    const row = (synchronous: number) => [{ synchronous }];
    expect(await modes(true, true)).toEqual([row(NORMAL), row(NORMAL)]);
    expect(await modes(true, false)).toEqual([row(FULL), row(FULL)]);
    expect(await modes(true)).toEqual([row(NORMAL)]);
    expect(await modes(false)).toEqual([row(FULL)]);
  });

  it('rejects every unit of a group that a full disk rolled back, and continues when there is space', async () => {
    await writer.run((manager) => manager.query('PRAGMA max_page_count = 8'));
    const long = (letter: string): string => letter.repeat(3_000);
    const letters = [...'abcdefghijkl'];
    const results = await outcomes(letters.map((letter) => writer.run(add(long(letter)))));
    expect(results.some((result) => result.includes('full'))).toBe(true);
    expect(words()).toEqual(letters.filter((_, index) => results[index] === 'done').map(long));
    await writer.run((manager) => manager.query('PRAGMA max_page_count = 1000'));
    await writer.run(add('zebra'));
    expect(words()).toContain('zebra');
  });

  it('rolls back a nested transaction within its unit', async () => {
    await writer.run(async (manager) => {
      await add('a')(manager);
      const inner = manager.transaction(async (nested) => {
        await add('b')(nested);
        throw new Error('no');
      });
      await expect(inner).rejects.toThrow('no');
    });
    await writer.run(add('c'));
    expect(words()).toEqual(['a', 'c']);
  });

  it.each([0, 1, 2, 3, 4, 5])('runs a unit that is queued %d microtasks after the last one ended', async (count) => {
    await writer.run(add('a'));
    for (let index = 0; index < count; index += 1) await Promise.resolve();
    await writer.run(add('b'));
    expect(words()).toEqual(['a', 'b']);
  });

  it('runs more units than fit into one group', async () => {
    const texts = Array.from({ length: 150 }, (_, index) => String(index).padStart(3, '0'));
    await Promise.all(texts.map((text) => writer.run(add(text))));
    expect(words()).toEqual(texts);
  });
});
