import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Variables } from '../config/index.js';

const PASSWORD = /^(postgres(?:ql)?:\/\/[^:@/?#]*):([^@/?#]*)@/;

const NOT_INSTALLED =
  'A backup of a PostgreSQL database needs pg_dump, which is not installed here (Debian: postgresql-client). Install the ' +
  'version of the server or a newer one; or run pg_dump --format=custom on another machine; or use the backups of the ' +
  'database server.';

/**
 * Writes a snapshot of the database into an archive for `pg_restore`, and then checks that the archive is readable to its end.
 *
 * @param variables environment variables for `pg_dump`
 */
export async function dumpPostgres(url: string, variables: Variables, file: string): Promise<void> {
  const [, , password] = PASSWORD.exec(url) ?? [];
  // The arguments of a program are visible to every user of the machine.
  const withoutPassword = url.replace(PASSWORD, '$1@');
  const secret = password === undefined ? {} : { PGPASSWORD: decodeURIComponent(password) };
  const env = { ...variables, ...secret };
  await run('pg_dump', ['--format=custom', '--no-password', `--file=${file}`, `--dbname=${withoutPassword}`], env);
  await run('pg_restore', ['--file=/dev/null', file], env);
}

async function run(program: string, args: string[], env: Variables): Promise<void> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [status] = (await once(child, 'close').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(NOT_INSTALLED) : error;
  })) as [number | null];
  if (status !== 0) throw new Error(`${program} failed: ${output.trim() || `exit code ${String(status)}`}`);
}
