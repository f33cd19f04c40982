import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { changeRole, type Role } from '../auth/index.js';
import { environmentVariables, readSettings } from '../platform/config/index.js';
import { DatabaseSettings, withDatabase } from '../platform/database/index.js';
import { Log, LoggingSettings, SecurityLog } from '../platform/logging/index.js';

const USAGE = `Who is an administrator.

  npm run admin -- grant <email>    the member becomes an administrator
  npm run admin -- revoke <email>   the administrator becomes an ordinary member

Works on the database of DATABASE_URL, with the app running or not. A running app knows at the next request.
`;

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['grant', 'admin'],
  ['revoke', 'member'],
]);

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${wordsFor(error)}\n`);
  process.exitCode = 1;
}

async function run(args: string[]): Promise<void> {
  const options = { help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [verb = '', email = '', ...rest] = positionals;
  const role = ROLES.get(verb);
  if (role === undefined || email === '' || rest.length > 0) throw new Error(`What is to be done?\n\n${USAGE}`);
  await giveRole(email, role);
}

async function giveRole(email: string, role: Role): Promise<void> {
  const variables = environmentVariables();
  const log = new Log(readSettings(LoggingSettings, variables).level);
  const settings = readSettings(DatabaseSettings, variables);
  const member = await withDatabase(settings, (unitOfWork) => changeRole(unitOfWork, email, role));
  new SecurityLog(log).record('auth.role.changed', { memberId: member.id }, { role });
  log.flush();
  process.stdout.write(`${member.email} is ${role === 'admin' ? 'an administrator' : 'an ordinary member'} now.\n`);
}

/** Some errors of a connection have no words, only a code. */
function wordsFor(error: unknown): string {
  const { message = '', code } = error as { message?: string; code?: string };
  return message === '' ? (code ?? String(error)) : message;
}
