import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Variables } from '../config/index.js';

const PASSWORD = /^(postgres(?:ql)?:\/\/[^:@/?#]*):([^@/?#]*)@/;

const NOT_INSTALLED =
  'A copy of a PostgreSQL database is made by pg_dump, which is not installed here (Debian: postgresql-client). Install it, ' +
  'of the version of the server or newer; or run pg_dump --format=custom where it is; or use the backups of whoever runs ' +
  'the server.';

/**
 * Writes the database, as it is at one moment, into an archive for `pg_restore`, and reads that archive to its end.
 *
 * @param variables those that `pg_dump` finds its own settings in
 */
export async function dumpPostgres(url: string, variables: Variables, file: string): Promise<void> {
  const [, , password] = PASSWORD.exec(url) ?? [];
  // Everybody on the machine may see a program's arguments.
  const withoutPassword = url.replace(PASSWORD, '$1@');
  const secret = password === undefined ? {} : { PGPASSWORD: decodeURIComponent(password) };
  const env = { ...variables, ...secret };
  await run('pg_dump', ['--format=custom', '--no-password', `--file=${file}`, `--dbname=${withoutPassword}`], env);
  await run('pg_restore', ['--file=/dev/null', file], env);
}

async function run(program: string, args: string[], env: Variables): Promise<void> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const [status] = (await once(child, 'close').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(NOT_INSTALLED) : error;
  })) as [number | null];
  if (status !== 0) throw new Error(`${program} failed: ${words.trim() || `it ended with ${String(status)}`}`);
}
