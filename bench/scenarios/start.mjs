import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { median } from '../support/load.mjs';
import { startProgram } from '../support/processes.mjs';
import { ratioWithin } from '../support/rounds.mjs';
import { baristaHome, MAIN, ROOT } from '../support/servers.mjs';

const EMPTY = join(ROOT, 'bench/peers/empty-nest.mjs');
const MOST_MS = 1500;
const RATIO = 1.3;

export const title = 'From starting the process to being ready, with iris';

/** The first start is not counted, because it creates the database and fills the page cache. */
export async function run({ starts }) {
  const { folder, settings } = await baristaHome();
  const [ours, theirs] = [[], []];
  try {
    for (let start = 0; start <= starts; start += 1) {
      ours.push(await timeOf('Barista', MAIN, { variables: settings, isUp: isReady }));
      theirs.push(await timeOf('an empty Nest application', EMPTY, { isUp: ({ url }) => url }));
    }
    return report(ours.slice(1), theirs.slice(1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The log has the line `listening` first and the line `ready` later. */
function isReady(line) {
  return line.msg === 'ready' && 'ready';
}

async function timeOf(name, file, options) {
  const began = performance.now();
  const server = await startProgram(name, process.execPath, [file], options);
  const took = performance.now() - began;
  await server.stop();
  return took;
}

function report(ours, theirs) {
  const [mine, other] = [median(ours), median(theirs)];
  return {
    rows: [
      {
        what: 'Barista, until it is ready',
        figure: milliseconds(mine),
        goal: `< ${MOST_MS} ms`,
        isMet: mine < MOST_MS,
      },
      { what: 'an empty Nest application', figure: milliseconds(other), ...ratioWithin(mine / other, RATIO) },
    ],
    notes: [
      `Medians of ${ours.length} starts each, in turn; on a database that is there. The empty application loads the same packages, and listens.`,
    ],
  };
}

function milliseconds(time) {
  return `${Math.round(time)} ms`;
}
