import { load, median } from './load.mjs';

/** Sends the request once. @throws unless the response is correct */
export async function requireCorrectResponse({ server, request: { path, ...init }, isRight }) {
  const response = await fetch(server.url + path, init);
  const answer = Buffer.from(await response.arrayBuffer());
  if (response.ok && isRight(answer)) return;
  throw new Error(`${server.name} answers ${path} wrongly, with ${response.status} ${answer}`);
}

/**
 * Warms up all subjects and then measures them alternately, while the others are paused. After a pause a server is slow for some seconds,
 * because its pages may be swapped out and the caches are cold. So each measurement follows a load of the same duration.
 *
 * @param subjects with a server, its request, and the number of connections
 * @returns for each subject the medians of its rounds and all failures
 */
export async function inTurn(subjects, { rounds, seconds, warmUp }) {
  const found = subjects.map(() => []);
  for (const { server } of subjects) server.pause();
  for (const subject of subjects) await measure(subject, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, subject] of subjects.entries()) found[index].push(await measure(subject, seconds, seconds));
  }
  for (const { server } of subjects) server.resume();
  return found.map(summaryOf);
}

async function measure({ server, request, connections }, seconds, settle) {
  server.resume();
  try {
    if (settle) {
      await load(server, request, { connections, seconds: settle });
      await server.idle();
    }
    const figures = { ...(await load(server, request, { connections, seconds })), memory: server.memory() };
    await server.idle();
    return figures;
  } finally {
    server.pause();
  }
}

function summaryOf(rounds) {
  const middle = (key) => median(rounds.map((round) => round[key]));
  return {
    rate: middle('rate'),
    p50: middle('p50'),
    p99: middle('p99'),
    memory: middle('memory'),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** Formats figures: `12,345 requests/s, p50 2.1 ms, p99 4.3 ms, 154 MiB`. */
export function formatFigures({ rate, p50, p99, memory, failed }) {
  const parts = [
    `${Math.round(rate).toLocaleString('en')} requests/s`,
    `p50 ${shortly(p50)} ms`,
    `p99 ${shortly(p99)} ms`,
  ];
  if (memory !== undefined) parts.push(`${Math.round(memory)} MiB`);
  if (failed > 0) parts.push(`${failed} FAILED`);
  return parts.join(', ');
}

/** The ratio of a row. It is met if it is at least `goal`; without a ratio, if a side failed, it is not met. */
export function ratio(value, goal) {
  const isKnown = Number.isFinite(value) && value > 0;
  return { ratio: isKnown ? `${shortly(value)}×` : 'unknown', goal: `≥ ${goal}×`, isMet: isKnown && value >= goal };
}

/** The ratio of a row. It is met if it is at most `limit`. */
export function ratioWithin(value, limit) {
  const isKnown = Number.isFinite(value) && value > 0;
  return { ratio: isKnown ? `${shortly(value)}×` : 'unknown', goal: `≤ ${limit}×`, isMet: isKnown && value <= limit };
}

export function failureRow(what, results) {
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  return { what, figure: String(failed), goal: '0', isMet: failed === 0 };
}

function shortly(number) {
  return Number(number.toPrecision(3));
}
