import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Variables } from '../config/index.js';
import type { DatabaseSettings } from './database.settings.js';
import { dumpPostgres } from './dump-postgres.js';
import { checkSqliteIntegrity, withReadOnlySqlite } from './sqlite-integrity.js';

/** Suffixes of the files that SQLite and the application keep beside a database. */
const FILE_SUFFIXES = ['', '-wal', '-shm', '-open'];

/**
 * Copies a consistent snapshot of the database to `file`. The file appears atomically, after it has been checked and synced. Writers
 * are not blocked.
 *
 * @param variables environment variables for `pg_dump`
 * @returns the size of the copy in bytes
 * @throws Error if the target is not usable or the copy fails
 */
export async function backUp(
  database: DatabaseSettings,
  variables: Variables,
  file: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<number> {
  requireUsableTarget(database, file, overwrite);
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    await createPartialFile(partial);
    if (database.kind === 'sqlite') copySqlite(database.location, partial);
    else await dumpPostgres(database.location, variables, partial);
    await syncToDisk(partial);
    await rename(partial, file);
    await syncToDisk(dirname(file));
    return (await stat(file)).size;
  } finally {
    await rm(partial, { force: true });
  }
}

function requireUsableTarget({ kind, location }: DatabaseSettings, file: string, overwrite: boolean): void {
  if (!existsSync(dirname(file))) throw new Error(`There is no folder ${dirname(file)}.`);
  if (kind === 'sqlite') {
    if (!existsSync(location)) throw new Error(`DATABASE_URL: there is no database at ${location}.`);
    const taken = FILE_SUFFIXES.map((suffix) => realpathSync(location) + suffix);
    if (taken.includes(realPath(file))) throw new Error(`${file} belongs to the database itself.`);
  }
  if (existsSync(file) && !overwrite) {
    throw new Error(`${file} already exists: choose another name, or use --force to replace it.`);
  }
}

/** @param file may not exist yet */
function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : file.replace(dirname(file), realpathSync(dirname(file)));
}

/** Only the owner may read the file. */
async function createPartialFile(partial: string): Promise<void> {
  await (await open(partial, 'wx', 0o600)).close();
}

/**
 * Uses `VACUUM INTO`, which reads in one transaction and does not block writers. SQLite's incremental backup API restarts after each
 * write and never ends under load. In one step it would also copy the remains of deleted rows.
 */
function copySqlite(database: string, partial: string): void {
  withReadOnlySqlite(database, (connection) => connection.prepare('VACUUM INTO ?').run(partial));
  const { damage } = checkSqliteIntegrity(partial, 'integrity_check');
  if (damage.length > 0) throw new Error(`The copy is damaged, and was not kept: ${damage.join('; ')}`);
}

/** Flushes a file or a directory to the disk. */
async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
