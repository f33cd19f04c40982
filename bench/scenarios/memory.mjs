import { load, median } from '../support/load.mjs';
import { isRight, REQUEST } from '../support/predict-peers.mjs';
import { requireCorrectResponse, failureRow, ratioWithin } from '../support/rounds.mjs';
import { startBarista } from '../support/servers.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECTIONS = 32;
const EVERY_MS = 5000;
const MOST = 300;
const GROWTH = 1.1;

export const title = `Memory of the web process and the runtime of iris, under POST /predict on ${CONNECTIONS} connections`;

export async function run({ memorySeconds }) {
  const server = await startBarista();
  try {
    await requireCorrectResponse({ server, request: REQUEST, isRight });
    if (server.memory() === undefined)
      return { rows: [{ what: 'PSS', figure: 'not measured: this system does not tell' }] };
    const loading = load(server, REQUEST, { connections: CONNECTIONS, seconds: memorySeconds });
    const samples = [];
    for (let passed = EVERY_MS; passed <= memorySeconds * 1000; passed += EVERY_MS) {
      await sleep(EVERY_MS);
      samples.push(server.memory());
    }
    return report(samples, await loading, memorySeconds);
  } finally {
    await server.stop();
  }
}

/** Memory is flat if the last fifth of the samples is no higher than the second. The first fifth is the start-up. */
function report(samples, { rate, failed }, seconds) {
  const fifth = Math.floor(samples.length / 5);
  const [early, late] = [samples.slice(fifth, 2 * fifth), samples.slice(-fifth)].map(median);
  const most = Math.max(...samples);
  return {
    rows: [
      {
        what: `the most of ${samples.length} samples`,
        figure: mebibytes(most),
        goal: `< ${MOST} MiB`,
        isMet: most < MOST,
      },
      { what: 'the median of the second fifth', figure: mebibytes(early) },
      {
        what: 'the median of the last fifth, beside that',
        figure: mebibytes(late),
        ...ratioWithin(late / early, GROWTH),
      },
      failureRow('requests failed', [{ failed }]),
    ],
    notes: [
      `PSS, every ${EVERY_MS / 1000} s for ${seconds} s, at ${Math.round(rate).toLocaleString('en')} requests/s.`,
    ],
  };
}

function mebibytes(size) {
  return `${Math.round(size)} MiB`;
}
