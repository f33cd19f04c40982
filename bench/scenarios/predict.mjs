import { isRight, PEERS_OF_PREDICT, REQUEST } from '../support/predict-peers.mjs';
import { requireCorrectResponse, failureRow, inTurn, formatFigures, ratio } from '../support/rounds.mjs';
import { startBarista } from '../support/servers.mjs';
import { nodeVersions } from '../support/tools.mjs';

const CONNECTIONS = [32, 128];

export const title = 'POST /predict, one iris row, 32 and 128 connections';
export const peers = PEERS_OF_PREDICT.map(({ id }) => id);

export async function run({ trial, only, ...effort }) {
  const chosen = PEERS_OF_PREDICT.filter(({ id }) => only === undefined || only.includes(id));
  const subjects = [];
  const missing = [];
  const notes = [`Barista (${nodeVersions('@nestjs/core', 'express', 'onnxruntime-node').join(', ')}): as it ships.`];
  try {
    subjects.push({ server: await startBarista(), request: REQUEST, isRight });
    await requireCorrectResponse(subjects[0]);
    subjects[0].server.pause();
    for (const peer of chosen) {
      try {
        const best = await startBest(peer, trial);
        subjects.push({ peer, ...best });
        notes.push(noteOn(peer, best));
      } catch (error) {
        missing.push({ what: peer.name, figure: `not measured: ${error.message.split('\n')[0]}` });
      }
    }
    const rows = [];
    for (const [index, connections] of CONNECTIONS.entries()) {
      // A second warm-up can be short.
      rows.push(...(await compare(subjects, connections, index === 0 ? effort : { ...effort, warmUp: 1 })));
    }
    return { rows: [...rows, ...missing], notes };
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }
}

async function compare(subjects, connections, effort) {
  const [ours, ...theirs] = await inTurn(
    subjects.map((subject) => ({ ...subject, connections })),
    effort,
  );
  const rows = theirs.map((figures, index) => {
    const { peer, setting } = subjects[index + 1];
    return {
      what: `${peer.name} (${setting}), ${connections} connections`,
      figure: formatFigures(figures),
      ...ratio(ours.rate / figures.rate, peer.goal),
    };
  });
  return [
    { what: `Barista, ${connections} connections`, figure: formatFigures(ours) },
    ...rows,
    failureRow(`of Barista's requests on ${connections} connections failed`, [ours]),
  ];
}

/** Tries the settings of a peer in turn. @returns the server with the fastest one, still running */
async function startBest({ prepare, settings }, trial) {
  const tools = await prepare();
  const running = [];
  const failures = [];
  for (const [setting, { start, ...rest }] of Object.entries(settings)) {
    try {
      running.push(
        await startRight({ setting, request: REQUEST, isRight, connections: CONNECTIONS[0], ...rest }, start, tools),
      );
    } catch (error) {
      failures.push(`${setting}: ${error.message.split('\n')[0]}`);
      console.error(`  ${setting}: ${error.message}`);
    }
  }
  if (running.length === 0) throw new Error(failures.join('; '));
  const found = running.length > 1 ? await inTurn(running, trial) : [{ rate: 0 }];
  const best = found.indexOf(found.reduce((a, b) => (b.rate > a.rate ? b : a)));
  await Promise.all(running.filter((_, index) => index !== best).map(({ server }) => server.stop()));
  running[best].server.pause();
  return { ...running[best], failures, trials: running.map(({ setting }, index) => ({ setting, ...found[index] })) };
}

async function startRight(subject, start, tools) {
  const server = await start(tools);
  try {
    await requireCorrectResponse({ ...subject, server });
  } catch (error) {
    await server.stop();
    throw error;
  }
  server.pause();
  return { ...subject, server };
}

function noteOn({ name, on, versions }, { setting, trials, failures }) {
  const tried = trials.map((trial) => `${trial.setting} (${Math.round(trial.rate).toLocaleString('en')}/s)`);
  const choice = trials.length > 1 ? ` Tried: ${tried.join(', ')}; measured: ${setting}.` : '';
  const failed = failures.length > 0 ? ` Did not work: ${failures.join('; ')}.` : '';
  return `${name} (${versions().join(', ')}): ${on}.${choice}${failed}`;
}
