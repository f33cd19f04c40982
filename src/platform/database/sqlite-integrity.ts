import Sqlite from 'better-sqlite3';

/** One broken page can cause hundreds of findings. */
const MAX_FINDINGS = 5;
/** Time to wait while another process recovers or checkpoints the file. */
const BUSY_TIMEOUT_MS = 5_000;
const CORRUPT = /^SQLITE_(CORRUPT|NOTADB)/;

export interface IntegrityReport {
  /** SQLite's findings; empty for an intact file. */
  readonly damage: readonly string[];
  /** Tables that violate a foreign key. */
  readonly foreignKeyViolations: readonly string[];
}

/**
 * Checks a whole SQLite file.
 *
 * @param check `integrity_check` also compares indexes with their tables: 3 s for 50 MB, against 0.2 s for `quick_check`
 */
export function checkSqliteIntegrity(file: string, check: 'quick_check' | 'integrity_check'): IntegrityReport {
  try {
    return withReadOnlySqlite(file, (connection) => runChecks(connection, check));
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError && CORRUPT.test(error.code))) throw error;
    return { damage: [error.message], foreignKeyViolations: [] };
  }
}

/** Opens a SQLite file read-only while `work` runs. Blocks the event loop. */
export function withReadOnlySqlite<T>(file: string, work: (connection: Sqlite.Database) => T): T {
  const connection = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}

function runChecks(connection: Sqlite.Database, check: string): IntegrityReport {
  const findings = connection.prepare(`PRAGMA ${check}(${MAX_FINDINGS})`).pluck().all() as string[];
  const damage = findings.filter((finding) => finding !== 'ok');
  if (damage.length > 0) return { damage, foreignKeyViolations: [] };
  const rows = connection.prepare('SELECT DISTINCT "table" FROM pragma_foreign_key_check').pluck().all() as string[];
  return { damage, foreignKeyViolations: rows };
}
