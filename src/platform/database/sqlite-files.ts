import { statSync } from 'node:fs';
import { withCause } from '../http/index.js';
import { DatabaseUnavailableError } from './database-errors.js';

/**
 * Detects that a file of an open SQLite database has been moved, removed or replaced. SQLite would continue to write to the old file, and
 * the next start would not find these writes.
 */
export class SqliteFiles {
  private readonly paths: readonly string[];
  private readonly identities = new Map<string, { readonly dev: number; readonly ino: number }>();

  constructor(private readonly database: string) {
    this.paths = [database, `${database}-wal`];
    this.requireFilesInPlace();
  }

  /** @throws DatabaseUnavailableError if a file is no longer the one that was opened */
  requireFilesInPlace(): void {
    for (const path of this.paths) if (!this.isInPlace(path)) throw this.displacedError();
  }

  private isInPlace(path: string): boolean {
    const expected = this.identities.get(path);
    const file = statFile(path);
    if (expected) return file?.ino === expected.ino && file.dev === expected.dev;
    // SQLite creates the -wal file with the first write.
    if (file) this.identities.set(path, file);
    return true;
  }

  private displacedError(): DatabaseUnavailableError {
    const message = `${this.database} or its -wal was moved, removed or replaced while it was open: put it back, or restart`;
    return withCause(new DatabaseUnavailableError(), new Error(message));
  }
}

function statFile(path: string): { dev: number; ino: number } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
