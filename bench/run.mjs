// `npm run bench`: measures Barista and its peers alternately within one run, because ratios are stable where absolute figures depend
// on the machine. Validation, access checks, security headers, log and metrics are on, as in production.
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { headOf, linesOf, writeResults } from './support/report.mjs';
import { ROOT } from './support/servers.mjs';
import { installPackages } from './support/tools.mjs';

const FULL = {
  rounds: 5,
  seconds: 5,
  warmUp: 15,
  trial: { rounds: 2, seconds: 4, warmUp: 4 },
  starts: 11,
  memorySeconds: 600,
};
const QUICK = {
  rounds: 1,
  seconds: 3,
  warmUp: 10,
  trial: { rounds: 1, seconds: 2, warmUp: 2 },
  starts: 7,
  memorySeconds: 120,
};

const scenarios = readdirSync(join(ROOT, 'bench/scenarios')).map((file) => file.replace('.mjs', ''));
const HELP = `How fast Barista is beside its peers.

  npm run bench                     every scenario: ${scenarios.join(', ')}
  npm run bench -- <scenario>       one of them, or several
  npm run bench -- --quick          fewer and shorter rounds, for daily work
  npm run bench -- predict --peers bare-node,axum
                                    only these peers

All of it takes about an hour, and writes bench/results.md; less than all writes bench/results.local.md.
Needs wrk (apt-get install wrk), or does with autocannon; peers need cargo and python3, or are left out and said so.
`;

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' }, quick: { type: 'boolean' }, peers: { type: 'string' } },
  allowPositionals: true,
});
const only = values.peers?.split(',');
const peers = new Set();
for (const name of scenarios) {
  const { peers: own = [] } = await import(`./scenarios/${name}.mjs`);
  for (const id of own) peers.add(id);
}
const unknown = [
  ...positionals.filter((name) => !scenarios.includes(name)).map((name) => `scenario "${name}"`),
  ...(only ?? []).filter((id) => !peers.has(id)).map((id) => `peer "${id}"; there are ${[...peers].join(', ')}`),
][0];
if (values.help || unknown) {
  (unknown ? process.stderr : process.stdout).write(unknown ? `There is no ${unknown}.\n\n${HELP}` : HELP);
  process.exit(unknown ? 1 : 0);
}

const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-stale'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
installPackages();
const isWhole = positionals.length === 0 && !values.quick && !only;
const results = [];
console.log(`${headOf().join('\n')}\n`);
for (const name of positionals.length > 0 ? positionals : scenarios) {
  const { title, run } = await import(`./scenarios/${name}.mjs`);
  console.log(title);
  const result = { title, ...(await run({ ...(values.quick ? QUICK : FULL), only })) };
  console.log(`${linesOf(result).join('\n')}\n`);
  if (result.rows.some(({ isMet }) => isMet === false)) process.exitCode = 1;
  results.push(result);
}
console.log(`Written to ${writeResults(results, { isWhole, isQuick: values.quick === true })}`);
