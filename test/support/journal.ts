import type { StoredRows } from './stored-rows.js';

/** The rows that an operation removes and adds, atomically. `?` is a value that only the response tells. */
export interface Change {
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** The differences between the journal and the database. */
export interface Settlement {
  /** Acknowledged rows that are missing. */
  readonly lost: readonly string[];
  /** Rows that no request asked for. */
  readonly phantom: readonly string[];
  /** Unacknowledged changes that are half applied. */
  readonly half: readonly Change[];
  /** Unacknowledged changes that were applied; their responses were lost. */
  readonly done: ReadonlySet<Change>;
}

/** Records the responses to all operations, and from them the rows that the database must have. */
export class Journal {
  acknowledged = 0;
  private rows = new Set<string>();
  private readonly open = new Set<Change>();

  /** Marks a change as sent. It may be applied from now on. */
  begin(change: Change): void {
    this.open.add(change);
  }

  /** Marks a change as applied. @param added the added rows, completed from the response */
  acknowledge(change: Change, added: readonly string[] = change.added): void {
    this.open.delete(change);
    this.acknowledged += 1;
    for (const row of change.removed) this.rows.delete(row);
    for (const row of added) this.rows.add(row);
  }

  /** Marks a change as not applied. */
  refuse(change: Change): void {
    this.open.delete(change);
  }

  /** @returns the rows of a member */
  of(email: string): string[] {
    return [...this.rows].filter((row) => row.includes(` ${email}`));
  }

  /** Compares the journal with the database, when no request is in flight, and continues with the rows found. */
  settle(found: StoredRows): Settlement {
    const missing = new Set([...this.rows].filter((row) => !found.has(row)));
    const extra = new Set([...found].filter((row) => !this.rows.has(row)));
    const half: Change[] = [];
    const done = new Set<Change>();
    for (const change of this.open) {
      const gone = change.removed.filter((row) => missing.has(row));
      const come = change.added.map((row) => match(row, extra)).filter((row) => row !== undefined);
      const parts = gone.length + come.length;
      if (parts === 0) continue;
      if (parts === change.removed.length + change.added.length) done.add(change);
      else half.push(change);
      for (const row of gone) missing.delete(row);
      for (const row of come) extra.delete(row);
    }
    this.open.clear();
    this.rows = new Set(found);
    return { lost: [...missing], phantom: [...extra], half, done };
  }
}

function match(row: string, among: Iterable<string>): string | undefined {
  if (!row.endsWith(' ?')) return [...among].find((candidate) => candidate === row);
  const start = row.slice(0, -1);
  return [...among].find((candidate) => candidate.startsWith(start));
}
