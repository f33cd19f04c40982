import 'reflect-metadata';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentVariables, readSettings } from '../platform/config/index.js';
import { backUp, DatabaseSettings } from '../platform/database/index.js';

const USAGE = `A copy of the database as it is now, taken while the app serves or while it does not.

  npm run backup -- <file>            into a new file
  npm run backup -- <file> --force    also in the place of a file that is there

Of SQLite the copy is a database file; of PostgreSQL, where pg_dump must be installed, an archive for pg_restore. It holds
neither models nor settings nor the session secret. See "Backup and restore" in docs/operators.md.
`;

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(args: string[]): Promise<void> {
  const options = { help: { type: 'boolean', short: 'h' }, force: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [name = '', ...rest] = positionals;
  if (name === '' || rest.length > 0) throw new Error(`Where to?\n\n${USAGE}`);
  const variables = environmentVariables();
  const file = resolve(name);
  const bytes = await backUp(readSettings(DatabaseSettings, variables), variables, file, { overwrite: values.force });
  process.stdout.write(`The database was copied into ${file}: ${bytes} bytes, checked.\n`);
}
