import Sqlite from 'better-sqlite3';

/** No more of what is wrong is told: a broken page makes hundreds of lines. */
const MAX_FINDINGS = 5;
/** Another process recovers, or checkpoints, the file just now. */
const MAX_WAIT_MS = 5_000;
const BROKEN = /^SQLITE_(CORRUPT|NOTADB)/;

export interface Inspection {
  /** What is wrong with the file, in SQLite's words; empty where it is whole. */
  readonly damage: readonly string[];
  /** Tables with rows that refer to rows that are not there. */
  readonly dangling: readonly string[];
}

/**
 * Reads a whole SQLite file.
 *
 * @param check `quick_check` (50 MB in 0.2 s) compares no index with its table; `integrity_check` (3 s) does
 */
export function inspectSqlite(file: string, check: 'quick_check' | 'integrity_check'): Inspection {
  try {
    return withSqlite(file, (connection) => inspect(connection, check));
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError && BROKEN.test(error.code))) throw error;
    return { damage: [error.message], dangling: [] };
  }
}

/** Opens a SQLite file for reading, for as long as `work` takes. It stops the process while it waits and works. */
export function withSqlite<T>(file: string, work: (connection: Sqlite.Database) => T): T {
  const connection = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: MAX_WAIT_MS });
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}

function inspect(connection: Sqlite.Database, check: string): Inspection {
  const findings = connection.prepare(`PRAGMA ${check}(${MAX_FINDINGS})`).pluck().all() as string[];
  const damage = findings.filter((finding) => finding !== 'ok');
  if (damage.length > 0) return { damage, dangling: [] };
  const rows = connection.prepare('SELECT DISTINCT "table" FROM pragma_foreign_key_check').pluck().all() as string[];
  return { damage, dangling: rows };
}
