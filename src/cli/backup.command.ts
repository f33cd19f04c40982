import 'reflect-metadata';
import { resolve } from 'node:path';
import { environmentVariables, readSettings } from '../platform/config/index.js';
import { backUp, DatabaseSettings } from '../platform/database/index.js';
import { parseArguments, runMain } from './command-line.js';

const USAGE = `Copies the database, while the app runs or while it does not.

  npm run backup -- <file>            into a new file
  npm run backup -- <file> --force    replaces the file if it exists

The copy of SQLite is a database file. The copy of PostgreSQL is an archive for pg_restore; pg_dump must be installed. A copy
contains neither models nor settings nor the session secret. See "Backup and restore" in docs/operators.md.
`;

await runMain(USAGE, async (args) => {
  const options = { force: { type: 'boolean', default: false } } as const;
  const expected = `Expected one file.\n\n${USAGE}`;
  const { values, positionals } = parseArguments(args, options, { min: 1, max: 1, expected });
  const variables = environmentVariables();
  const file = resolve(positionals[0] ?? '');
  const bytes = await backUp(readSettings(DatabaseSettings, variables), variables, file, { overwrite: values.force });
  process.stdout.write(`The database was copied into ${file}: ${bytes} bytes, checked.\n`);
});
