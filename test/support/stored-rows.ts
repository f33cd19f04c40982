import { createHash } from 'node:crypto';
import Sqlite from 'better-sqlite3';

/**
 * The rows of a database, one text for each: `member <email>`, `session <email> <digest>`, `key <email> <digest>` and
 * `menu <name> <price> <email>`, with `nobody` for a deleted member. Names and e-mails have no spaces, and are unique.
 */
export type StoredRows = ReadonlySet<string>;

export interface DatabaseContents {
  readonly rows: StoredRows;
  /** Violations of integrity, foreign keys and uniqueness; normally none. */
  readonly violations: readonly string[];
}

const ROWS = `
  SELECT 'member ' || email AS line FROM member
  UNION ALL SELECT 'session ' || ifnull(email, 'nobody') || ' ' || digest FROM session LEFT JOIN member m ON m.id = memberId
  UNION ALL SELECT 'key ' || ifnull(email, 'nobody') || ' ' || digest FROM api_key LEFT JOIN member m ON m.id = memberId
  UNION ALL SELECT 'menu ' || menu.name || ' ' || price || ' ' ||
    CASE WHEN ownerId IS NULL THEN 'nobody' ELSE ifnull(email, 'missing') END FROM menu LEFT JOIN member m ON m.id = ownerId`;
/** Menus whose search key does not match their name: half of a change was written. */
const HALF_RENAMED = `SELECT 'the key of ' || name || ' is ' || nameKey FROM menu WHERE nameKey <> lower(name)`;

/** Reads the database of an application, running or not. */
export function readStoredRows(file: string): DatabaseContents {
  const database = new Sqlite(file, { readonly: true, timeout: 5_000 });
  try {
    const texts = (sql: string): string[] => database.prepare(sql).pluck().all() as string[];
    const rows = texts(ROWS);
    const integrity = texts('PRAGMA integrity_check').filter((line) => line !== 'ok');
    const references = database.pragma('foreign_key_check') as object[];
    const violations = [...integrity, ...references.map((row) => JSON.stringify(row)), ...texts(HALF_RENAMED)];
    return { rows: new Set(rows), violations: [...violations, ...findDuplicates(rows)] };
  } finally {
    database.close();
  }
}

/** Rows that an operation wrote twice. */
function findDuplicates(rows: readonly string[]): string[] {
  const seen = new Set<string>();
  return rows.filter((row) => seen.size === seen.add(row).size).map((row) => `twice: ${row}`);
}

/** The digest under which the database stores the session of a cookie. */
export function digestOfCookie(cookie: string): string {
  const signed = decodeURIComponent(cookie).slice('s:'.length);
  return sha256(signed.slice(0, signed.lastIndexOf('.')));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
