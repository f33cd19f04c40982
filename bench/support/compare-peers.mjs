import { requireCorrectResponse, failureRow, inTurn, formatFigures, ratio } from './rounds.mjs';

/**
 * Starts each peer with the fastest of its settings. Servers are paused until they are measured.
 *
 * @param workload `request` and `isRight` for peers whose settings have none of their own, `connections`, and the effort of a `trial`
 * @returns the `subjects`, a row for each peer that cannot be measured, and a note on each other one
 */
export async function startPeers(peers, workload) {
  const [subjects, missing, notes] = [[], [], []];
  for (const peer of peers) {
    try {
      const best = await startBest(peer, workload);
      subjects.push({ peer, ...best });
      notes.push(noteOn(peer, best));
    } catch (error) {
      missing.push({ what: peer.name, figure: `not measured: ${error.message.split('\n')[0]}` });
    }
  }
  return { subjects, missing, notes };
}

/** Measures Barista, the first of the subjects, beside its peers. @param what the workload, for the rows */
export async function compare(subjects, { connections, what }, effort) {
  const [ours, ...theirs] = await inTurn(
    subjects.map((subject) => ({ ...subject, connections })),
    effort,
  );
  const rows = theirs.map((figures, index) => {
    const { peer, setting } = subjects[index + 1];
    return {
      what: `${peer.name} (${setting}), ${what}`,
      figure: formatFigures(figures),
      ...ratio(ours.rate / figures.rate, peer.goal),
    };
  });
  return [
    { what: `Barista, ${what}`, figure: formatFigures(ours) },
    ...rows,
    failureRow(`of Barista's requests failed, ${what}`, [ours]),
  ];
}

/** Tries the settings of a peer in turn. @returns the server with the fastest one, still running */
async function startBest({ prepare, settings }, { request, isRight, connections, trial }) {
  const tools = await prepare();
  const running = [];
  const failures = [];
  for (const [setting, { start, ...rest }] of Object.entries(settings)) {
    try {
      running.push(await startRight({ setting, request, isRight, connections, ...rest }, start, tools));
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
