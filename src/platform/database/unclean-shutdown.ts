import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { type Log, StartupError } from '../logging/index.js';
import { checkSqliteIntegrity, type IntegrityReport } from './sqlite-integrity.js';

/**
 * Checks the whole database after an unclean shutdown, because the disk may have lost writes. This takes long for a large file and is
 * logged. After a clean shutdown nothing is checked.
 *
 * @throws StartupError if the database is damaged
 */
export function checkAfterUncleanShutdown(file: string, log: Log): void {
  if (!existsSync(file) || !wasLeftOpen(file)) return;
  const megabytes = Math.ceil(statSync(file).size / 1_000_000);
  log.lines.warn({ megabytes }, 'the last shutdown was not clean: checking the database');
  // The check blocks the event loop.
  log.flush();
  const started = Date.now();
  const { damage, foreignKeyViolations } = checkIntegrity(file);
  if (damage.length > 0) throw damageError(file, damage);
  if (foreignKeyViolations.length > 0) {
    log.lines.error({ tables: foreignKeyViolations }, 'the database has rows that violate a foreign key');
  }
  log.lines.info({ ms: Date.now() - started }, 'the database is intact');
}

/** Creates the marker file of an open database. A marker at the next start means an unclean shutdown. */
export function markOpen(file: string): void {
  closeSync(openSync(markerFile(file), 'w'));
}

/** Removes the marker file after a clean shutdown. */
export function markClosed(file: string): void {
  rmSync(markerFile(file), { force: true });
}

/**
 * The marker survives a command that opens and closes the database after a crash. A write-ahead log without a marker exists where the files
 * of a running application were copied.
 */
function wasLeftOpen(file: string): boolean {
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  return existsSync(markerFile(file)) || (log !== undefined && log.size > 0);
}

function markerFile(file: string): string {
  return `${file}-open`;
}

function checkIntegrity(file: string): IntegrityReport {
  try {
    return checkSqliteIntegrity(file, 'quick_check');
  } catch (cause) {
    const { message } = cause as Error;
    throw new StartupError(`DATABASE_URL: the database cannot be checked after an unclean shutdown: ${message}`, {
      cause,
    });
  }
}

function damageError(file: string, findings: readonly string[]): StartupError {
  return new StartupError(
    [
      `DATABASE_URL: ${file} is damaged. It has not been changed. SQLite reports:`,
      ...findings.map((finding) => `  ${finding}`),
      `Keep it with its -wal for a later rescue, and restore a backup: docs/operators.md, "Backup and restore".`,
    ].join('\n'),
  );
}
