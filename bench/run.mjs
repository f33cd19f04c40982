// `npm run bench`: measures Barista beside its peers, round by round within one run, so that ratios hold where absolute
// figures depend on the machine. Everything that ships is switched on: validation, access, security headers, log, metrics.
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './support/servers.mjs';

const scenarios = readdirSync(join(ROOT, 'bench/scenarios')).map((file) => file.replace('.mjs', ''));
const HELP = `How fast Barista is beside its peers.

  npm run bench                     every scenario: ${scenarios.join(', ')}
  npm run bench -- <scenario>       one of them
  npm run bench -- --quick          fewer and shorter rounds, for daily work

Needs wrk (apt-get install wrk).
`;

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' }, quick: { type: 'boolean' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !scenarios.includes(name));
if (values.help || unknown) {
  (unknown ? process.stderr : process.stdout).write(unknown ? `There is no scenario "${unknown}".\n\n${HELP}` : HELP);
  process.exit(unknown ? 1 : 0);
}

spawnSync(process.execPath, [join(ROOT, 'scripts/build-if-stale.mjs')], { stdio: 'inherit' });
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`);
const effort = values.quick ? { rounds: 1, seconds: 3 } : { rounds: 5, seconds: 8 };
for (const name of positionals.length > 0 ? positionals : scenarios) {
  const { title, run } = await import(`./scenarios/${name}.mjs`);
  console.log(title);
  for (const { what, figure, goal, isMet } of await run(effort)) {
    console.log(`  ${what.padEnd(44)} ${figure}${goal ? `   (goal ${goal}: ${isMet ? 'met' : 'NOT met'})` : ''}`);
    if (isMet === false) process.exitCode = 1;
  }
}
