import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Variables } from '../config/index.js';
import type { DatabaseSettings } from './database.settings.js';
import { dumpPostgres } from './dump-postgres.js';
import { inspectSqlite, withSqlite } from './inspect-sqlite.js';

/** Files that SQLite, or the application, keeps beside a database. */
const COMPANIONS = ['', '-wal', '-shm', '-open'];

/**
 * Copies the database as it is at one moment into `file`, which appears whole, checked and synced, or not at all. Whoever
 * writes meanwhile is not kept waiting.
 *
 * @param variables those that `pg_dump` finds its own settings in
 * @returns the copy's size in bytes
 */
export async function backUp(
  database: DatabaseSettings,
  variables: Variables,
  file: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<number> {
  requirePlace(database, file, overwrite);
  const draft = `${file}.${randomUUID()}.partial`;
  try {
    await makeDraft(draft);
    if (database.kind === 'sqlite') copySqlite(database.location, draft);
    else await dumpPostgres(database.location, variables, draft);
    await sync(draft);
    await rename(draft, file);
    await sync(dirname(file));
    return (await stat(file)).size;
  } finally {
    await rm(draft, { force: true });
  }
}

function requirePlace({ kind, location }: DatabaseSettings, file: string, overwrite: boolean): void {
  if (!existsSync(dirname(file))) throw new Error(`There is no folder ${dirname(file)}.`);
  if (kind === 'sqlite') {
    if (!existsSync(location)) throw new Error(`DATABASE_URL: there is no database at ${location}.`);
    const taken = COMPANIONS.map((ending) => realpathSync(location) + ending);
    if (taken.includes(realPath(file))) throw new Error(`${file} belongs to the database itself.`);
  }
  if (existsSync(file) && !overwrite) {
    throw new Error(`${file} is there already: name another, or say --force to replace it.`);
  }
}

/** Of a file that need not be there. */
function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : file.replace(dirname(file), realpathSync(dirname(file)));
}

/** Nobody else may read it: it holds what the database does. */
async function makeDraft(draft: string): Promise<void> {
  await (await open(draft, 'wx', 0o600)).close();
}

/**
 * `VACUUM INTO` reads in one transaction, beside which the application writes on. SQLite's backup API in steps begins anew
 * whenever somebody writes, and comes to no end under load; in one step it would copy the remains of deleted rows too.
 */
function copySqlite(database: string, draft: string): void {
  withSqlite(database, (connection) => connection.prepare('VACUUM INTO ?').run(draft));
  const { damage } = inspectSqlite(draft, 'integrity_check');
  if (damage.length > 0) throw new Error(`The copy is damaged, and was not kept: ${damage.join('; ')}`);
}

/** Waits until a file, or a folder's list of files, is on the disk. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
