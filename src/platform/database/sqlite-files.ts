import { statSync } from 'node:fs';
import { withCause } from '../http/index.js';
import { DatabaseUnavailableError } from './database-failure.js';

/**
 * The files of an open SQLite database, each as it was when it was first seen. SQLite writes on into a file that has been
 * moved, removed or replaced, where nobody will find it again.
 */
export class SqliteFiles {
  private readonly paths: readonly string[];
  private readonly seen = new Map<string, { readonly dev: number; readonly ino: number }>();

  constructor(private readonly database: string) {
    this.paths = [database, `${database}-wal`];
    this.requireInPlace();
  }

  /** Throws `DatabaseUnavailableError` where what is written now would not be found after the next start. */
  requireInPlace(): void {
    for (const path of this.paths) if (!this.isInPlace(path)) throw this.displaced();
  }

  private isInPlace(path: string): boolean {
    const known = this.seen.get(path);
    const file = look(path);
    if (known) return file?.ino === known.ino && file.dev === known.dev;
    // The log comes with the first write to a new database.
    if (file) this.seen.set(path, file);
    return true;
  }

  private displaced(): DatabaseUnavailableError {
    const message = `${this.database} or its -wal was moved, removed or replaced while it was open: put it back, or restart`;
    return withCause(new DatabaseUnavailableError(), new Error(message));
  }
}

function look(path: string): { dev: number; ino: number } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
