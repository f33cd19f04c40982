import { join } from 'node:path';
import { load, median } from '../support/load.mjs';
import { ROOT, startBarista, startPeer } from '../support/servers.mjs';

const FILE = join(ROOT, 'test/fixtures/models/dense.onnx');
const OUTPUT = 'sums2';
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 15;
const row = { x: Array.from({ length: 256 }, (_, index) => Math.round(Math.sin(index) * 1e6) / 1e6) };
const headers = { 'Content-Type': 'application/json' };
const body = JSON.stringify(row);

export const title = 'A heavy model (MLP 256→1024→1024→10), one row a request, 32 connections';

/** Compares Barista with a bare server, and measures the effect of a saturated model on other requests. */
export async function run({ rounds, seconds }) {
  const barista = await startBarista({ models: { dense: { file: FILE } } });
  const bare = await startPeer('node:http', 'bare-node.mjs', FILE, 'x', OUTPUT);
  try {
    await requireSameResult(barista, bare);
    const predict = { method: 'POST', path: '/models/dense/predict', headers, body };
    // The just-in-time compilers have to finish before the measurement.
    await load(
      bare,
      { method: 'POST', path: '/', headers, body },
      { connections: CONNECTIONS, seconds: WARM_UP_SECONDS },
    );
    await load(barista, predict, { connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
    const [ours, theirs, idle, busy] = [[], [], [], []];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(
        await load(bare, { method: 'POST', path: '/', headers, body }, { connections: CONNECTIONS, seconds }),
      );
      ours.push(await load(barista, predict, { connections: CONNECTIONS, seconds }));
      idle.push(await load(barista, { path: '/menus' }, { connections: 1, seconds }));
      const saturated = load(barista, predict, { connections: CONNECTIONS, seconds: seconds + 1 });
      busy.push(await load(barista, { path: '/menus' }, { connections: 1, seconds }));
      await saturated;
    }
    return { rows: report(ours, theirs, idle, busy) };
  } finally {
    await Promise.all([barista.stop(), bare.stop()]);
  }
}

function report(ours, theirs, idle, busy) {
  const rate = (rounds) => median(rounds.map((round) => round.rate));
  const p99 = (rounds) => median(rounds.map((round) => round.p99));
  const failed = [...ours, ...idle, ...busy].reduce((sum, round) => sum + round.failed, 0);
  const allowed = 2 * p99(idle) + 5;
  return [
    { what: 'Barista', figure: `${Math.round(rate(ours))} requests/s, p99 ${p99(ours)} ms` },
    {
      what: 'bare node:http, model in-process',
      figure: `${Math.round(rate(theirs))} requests/s, p99 ${p99(theirs)} ms`,
    },
    {
      what: 'Barista against bare',
      figure: `${(rate(ours) / rate(theirs)).toFixed(2)}×`,
      goal: '≥ 3×',
      isMet: rate(ours) >= 3 * rate(theirs),
    },
    { what: 'GET /menus, idle', figure: `p99 ${p99(idle)} ms` },
    {
      what: 'GET /menus, while the model is saturated',
      figure: `p99 ${p99(busy)} ms`,
      goal: `≤ ${allowed.toFixed(1)} ms`,
      isMet: p99(busy) <= allowed,
    },
    { what: 'failed requests', figure: String(failed), goal: '0', isMet: failed === 0 },
  ];
}

async function requireSameResult(barista, bare) {
  const ask = async (url) => (await fetch(url, { method: 'POST', headers, body })).json();
  const ours = (await ask(`${barista.url}/models/dense/predict`)).predictions[0][OUTPUT];
  const { result } = await ask(bare.url);
  const isSame = ours.length === result.length && ours.every((value, index) => Math.abs(value - result[index]) < 1e-3);
  if (!isSame) throw new Error('Barista and the bare server give different answers');
}
