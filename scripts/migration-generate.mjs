import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, CommandError, root, runScript } from './command.mjs';

const help = `Usage: npm run migration:generate -- src/<feature>/migrations/<Name>

Writes src/<feature>/migrations/<timestamp>-<Name>.ts with what the entities have and the migrations do not yet. With
SQLite it compares against a new database made from the migrations; with PostgreSQL against the configured one
(DATABASE_URL), after applying what is pending there. The SQL is in that database's dialect: where the other one is to
be served too, write the statements with TypeORM's Table API, as CONTRIBUTING.md shows.

Example: npm run migration:generate -- src/orders/migrations/CreateOrders`;

const PATH = /^src\/[\w-]+\/migrations\/[A-Z]\w*$/;

await command({ help, parameters: 1, main });

async function main(path) {
  if (!PATH.test(path)) {
    throw new CommandError(`Expected a path such as src/orders/migrations/CreateOrders, got "${path}".`);
  }
  const directory = mkdtempSync(join(tmpdir(), 'barista-migration-'));
  try {
    const file = generate(path, await databaseToCompare(directory));
    runScript('node_modules/prettier/bin/prettier.cjs', ['--write', '--log-level', 'warn', file]);
    console.log(`Wrote ${file}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The variables under which programs see a database that has every migration there is. */
async function databaseToCompare(directory) {
  const { environmentVariables, readSettings } = await import('../dist/src/platform/config/index.js');
  const { DatabaseSettings } = await import('../dist/src/platform/database/index.js');
  const { kind } = readSettings(DatabaseSettings, environmentVariables());
  const own = kind === 'sqlite' ? { DATABASE_URL: `sqlite:${join(directory, 'compare.db')}` } : {};
  const env = { ...process.env, ...own };
  runScript('scripts/migration-run.mjs', [], { env });
  return env;
}

/** Lets the TypeORM command line compare and write; answers the new file's path. */
function generate(path, env) {
  const timestamp = String(Date.now());
  const args = ['migration:generate', '--dataSource', 'dist/ormconfig.js', '--pretty', '--timestamp', timestamp, path];
  try {
    runScript('node_modules/typeorm/cli.js', args, { env });
  } catch (error) {
    if (!error.message.includes('No changes in database schema')) throw error;
    throw new CommandError('The migrations have all that the entities have: nothing was written.', { cause: error });
  }
  const name = path.slice(path.lastIndexOf('/') + 1);
  return join(root, path, '..', `${timestamp}-${name}.ts`);
}
