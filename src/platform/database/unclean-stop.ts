import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { type Log, StartupError } from '../logging/index.js';
import { inspectSqlite } from './inspect-sqlite.js';

/**
 * Reads the whole database where its last stop was not a clean one: nobody then knows what the disk has kept. Throws a
 * `StartupError` where it is damaged. Long work on a large file, and said to be so; a clean start does nothing here.
 */
export function checkAfterUncleanStop(file: string, log: Log): void {
  if (!existsSync(file) || !wasLeftOpen(file)) return;
  const megabytes = Math.ceil(statSync(file).size / 1_000_000);
  log.lines.warn({ megabytes }, 'the last stop was not a clean one: checking the database');
  // Nothing is written while the check runs.
  log.flush();
  const started = Date.now();
  const { damage, dangling } = inspect(file);
  if (damage.length > 0) throw damaged(file, damage);
  if (dangling.length > 0) log.lines.error({ tables: dangling }, 'the database has rows that refer to none');
  log.lines.info({ ms: Date.now() - started }, 'the database is whole');
}

/** To be called when the database is open: what is left of it at the next start tells of an unclean stop. */
export function markOpen(file: string): void {
  closeSync(openSync(markOf(file), 'w'));
}

/** To be called when it has been closed. */
export function markClosed(file: string): void {
  rmSync(markOf(file), { force: true });
}

/**
 * The mark outlasts whoever opens the database in between, as a command does. The log of writes is there without it where
 * the files of a running application were copied.
 */
function wasLeftOpen(file: string): boolean {
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  return existsSync(markOf(file)) || (log !== undefined && log.size > 0);
}

function markOf(file: string): string {
  return `${file}-open`;
}

function inspect(file: string): ReturnType<typeof inspectSqlite> {
  try {
    return inspectSqlite(file, 'quick_check');
  } catch (cause) {
    const { message } = cause as Error;
    throw new StartupError(`DATABASE_URL: the database cannot be checked after an unclean stop: ${message}`, { cause });
  }
}

function damaged(file: string, findings: readonly string[]): StartupError {
  return new StartupError(
    [
      `DATABASE_URL: ${file} is damaged, and nothing has been changed in it. SQLite says:`,
      ...findings.map((finding) => `  ${finding}`),
      `Keep it with its -wal for whoever may rescue more, and restore a backup: docs/operators.md, "Backup and restore".`,
    ].join('\n'),
  );
}
