import 'reflect-metadata';
import { changeRole, type Role } from '../auth/index.js';
import { environmentVariables, readSettings } from '../platform/config/index.js';
import { DatabaseSettings, withDatabase } from '../platform/database/index.js';
import { Log, LoggingSettings, SecurityLog } from '../platform/logging/index.js';
import { CommandError, parseArguments, runMain } from './command-line.js';

const USAGE = `Grants and revokes the administrator role.

  npm run admin -- grant <email>    the member becomes an administrator
  npm run admin -- revoke <email>   the administrator becomes an ordinary member

Works on the database of DATABASE_URL, with the app running or not. A running app applies it from the next request on.
`;
const EXPECTED = `Expected "grant" or "revoke", and the e-mail of a member.\n\n${USAGE}`;

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['grant', 'admin'],
  ['revoke', 'member'],
]);

await runMain(USAGE, async (args) => {
  const { positionals } = parseArguments(args, {}, { min: 2, max: 2, expected: EXPECTED });
  const [verb = '', email = ''] = positionals;
  const role = ROLES.get(verb);
  if (role === undefined) throw new CommandError(EXPECTED);
  await setRole(email, role);
});

async function setRole(email: string, role: Role): Promise<void> {
  const variables = environmentVariables();
  const log = new Log(readSettings(LoggingSettings, variables).level);
  const settings = readSettings(DatabaseSettings, variables);
  const member = await withDatabase(settings, (unitOfWork) => changeRole(unitOfWork, email, role));
  new SecurityLog(log).record('auth.role.changed', { memberId: member.id }, { role });
  log.flush();
  process.stdout.write(`${member.email} is now ${role === 'admin' ? 'an administrator' : 'an ordinary member'}.\n`);
}
