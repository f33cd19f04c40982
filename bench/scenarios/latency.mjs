import { isRight, REQUEST } from '../support/predict-peers.mjs';
import { failureRow, formatFigures, inTurn, requireCorrectResponse } from '../support/rounds.mjs';
import { IRIS, startBarista, startPeer } from '../support/servers.mjs';

const MOST_MS = 0.1;

export const title = 'POST /predict, one iris row, one connection: what Barista adds to the latency of a bare server';

export async function run(effort) {
  const barista = await startBarista();
  const bare = await startPeer('node:http', 'bare-node.mjs', IRIS, 'input', 'label');
  const subjects = [barista, bare].map((server) => ({ server, connections: 1, request: REQUEST, isRight }));
  try {
    for (const subject of subjects) await requireCorrectResponse(subject);
    const [ours, theirs] = await inTurn(subjects, effort);
    const added = ours.p50 - theirs.p50;
    return {
      rows: [
        { what: 'Barista', figure: formatFigures(ours) },
        { what: 'node:http, the model in its process', figure: formatFigures(theirs) },
        { what: 'added p50', figure: `${added.toFixed(3)} ms`, goal: `≤ ${MOST_MS} ms`, isMet: added <= MOST_MS },
        failureRow('requests failed', [ours, theirs]),
      ],
    };
  } finally {
    await Promise.all([barista.stop(), bare.stop()]);
  }
}
