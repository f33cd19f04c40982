import { createHash } from 'node:crypto';
import Sqlite from 'better-sqlite3';

/**
 * What a database holds, one text for each row: `member <email>`, `session <email> <digest>`, `key <email> <digest>` and
 * `menu <name> <price> <email>`, with `nobody` where the member is gone. Names and e-mails are without spaces, and unique.
 */
export type Facts = ReadonlySet<string>;

export interface StoredFacts {
  readonly facts: Facts;
  /** What SQLite finds wrong with the file: nothing, mostly. */
  readonly damage: readonly string[];
}

const ROWS = `
  SELECT 'member ' || email AS fact FROM member
  UNION ALL SELECT 'session ' || ifnull(email, 'nobody') || ' ' || digest FROM session LEFT JOIN member m ON m.id = memberId
  UNION ALL SELECT 'key ' || ifnull(email, 'nobody') || ' ' || digest FROM api_key LEFT JOIN member m ON m.id = memberId
  UNION ALL SELECT 'menu ' || menu.name || ' ' || price || ' ' ||
    CASE WHEN ownerId IS NULL THEN 'nobody' ELSE ifnull(email, 'missing') END FROM menu LEFT JOIN member m ON m.id = ownerId`;
/** A menu is searched by its key: one of another name was written by half. */
const HALF_RENAMED = `SELECT 'the key of ' || name || ' is ' || nameKey FROM menu WHERE nameKey <> lower(name)`;

/** Reads the database of an application, which may be running on it. */
export function readFacts(file: string): StoredFacts {
  const database = new Sqlite(file, { readonly: true, timeout: 5_000 });
  try {
    const texts = (sql: string): string[] => database.prepare(sql).pluck().all() as string[];
    const facts = texts(ROWS);
    const integrity = texts('PRAGMA integrity_check').filter((line) => line !== 'ok');
    const references = database.pragma('foreign_key_check') as object[];
    const damage = [...integrity, ...references.map((row) => JSON.stringify(row)), ...texts(HALF_RENAMED)];
    return { facts: new Set(facts), damage: [...damage, ...twice(facts)] };
  } finally {
    database.close();
  }
}

/** One operation that took place twice. */
function twice(facts: readonly string[]): string[] {
  const seen = new Set<string>();
  return facts.filter((fact) => seen.size === seen.add(fact).size).map((fact) => `twice: ${fact}`);
}

/** How the database knows the session of a cookie. */
export function digestOfCookie(cookie: string): string {
  const signed = decodeURIComponent(cookie).slice('s:'.length);
  return sha256(signed.slice(0, signed.lastIndexOf('.')));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
