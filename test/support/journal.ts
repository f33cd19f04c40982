import type { StoredRows } from './stored-rows.js';

/** What an operation does: all of `removed` goes and all of `added` comes, or nothing. `?` is what only the answer tells. */
export interface Change {
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** How a journal and a database differ. Empty lists where all is as it should be. */
export interface Settlement {
  /** Acknowledged, and not there. */
  readonly lost: readonly string[];
  /** There, and never asked for. */
  readonly phantom: readonly string[];
  /** Not acknowledged, and done by half. */
  readonly half: readonly Change[];
  /** Not acknowledged, and done: the answer was lost on its way. */
  readonly done: ReadonlySet<Change>;
}

/** What a test has been told, operation by operation: what the database must therefore hold. */
export class Journal {
  acknowledged = 0;
  private rows = new Set<string>();
  private readonly open = new Set<Change>();

  /** From now on the change may have been made. */
  begin(change: Change): void {
    this.open.add(change);
  }

  /** It has been made. `added` is what came, with what the answer told. */
  acknowledge(change: Change, added: readonly string[] = change.added): void {
    this.open.delete(change);
    this.acknowledged += 1;
    for (const row of change.removed) this.rows.delete(row);
    for (const row of added) this.rows.add(row);
  }

  /** It has not been made: the answer said so. */
  refuse(change: Change): void {
    this.open.delete(change);
  }

  /** What is known of a member. */
  of(email: string): string[] {
    return [...this.rows].filter((row) => row.includes(` ${email}`));
  }

  /** Compares with what was found, when nothing is under way any more, and goes on from there. */
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
