import { command } from './command.mjs';

const help = `Usage: npm run migration:run

Applies the migrations that the configured database (DATABASE_URL) does not have yet, behind the same lock and in the
same way as the application does when it starts.`;

await command({ help, parameters: 0, main });

async function main() {
  const { default: dataSource } = await import('../dist/ormconfig.js');
  const { migrate } = await import('../dist/src/platform/database/index.js');
  const applied = await migrate(dataSource.options);
  for (const name of applied) console.log(`Applied ${name}`);
  if (applied.length === 0) console.log('Nothing to apply: the database is up to date.');
}
