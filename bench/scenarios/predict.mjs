import { isRight, PEERS_OF_PREDICT, REQUEST } from '../support/predict-peers.mjs';
import { compare, startPeers } from '../support/compare-peers.mjs';
import { requireCorrectResponse } from '../support/rounds.mjs';
import { startBarista } from '../support/servers.mjs';
import { nodeVersions } from '../support/tools.mjs';

const CONNECTIONS = [32, 128];

export const title = 'POST /predict, one iris row, 32 and 128 connections';
export const peers = PEERS_OF_PREDICT.map(({ id }) => id);

export async function run({ trial, only, ...effort }) {
  const chosen = PEERS_OF_PREDICT.filter(({ id }) => only === undefined || only.includes(id));
  const barista = { server: await startBarista(), request: REQUEST, isRight };
  const subjects = [barista];
  try {
    await requireCorrectResponse(barista);
    barista.server.pause();
    const peers = await startPeers(chosen, { request: REQUEST, isRight, connections: CONNECTIONS[0], trial });
    subjects.push(...peers.subjects);
    const rows = [];
    for (const [index, connections] of CONNECTIONS.entries()) {
      const workload = { connections, what: `${connections} connections` };
      // A second warm-up can be short.
      rows.push(...(await compare(subjects, workload, index === 0 ? effort : { ...effort, warmUp: 1 })));
    }
    const own = `Barista (${nodeVersions('@nestjs/core', 'express', 'onnxruntime-node').join(', ')}): as it ships.`;
    return { rows: [...rows, ...peers.missing], notes: [own, ...peers.notes] };
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }
}
