// `node bench/request-path.mjs`: lists the files of src/ that one warm `POST /predict` passes through. A file counts if at least one of its
// functions is called because of the request, by V8's precise coverage. Calls of idle intervals (polls, timers) are subtracted.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { Session } from 'node:inspector/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const PROGRAM = join(ROOT, 'dist/src/main.js');
const OURS = pathToFileURL(join(ROOT, 'dist/src/')).href;
/** Longer than the intervals of the model store (400 ms) and of the job runner. */
const INTERVAL_MS = 1_500;
/** Longer than the measurement: the deadline timer of one request must not fire during the next. */
const NO_DEADLINE = '600000';
const ROUNDS = 3;
const WARM_UP_REQUESTS = 200;
const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
/** Number of rows predicted so far. */
let rows = 0;

if (process.argv[1] === SELF) await measure();
else if (process.argv[1] === PROGRAM) await inspect();

/** Starts the unbundled application with this file preloaded, and prints the path of a prediction. */
async function measure() {
  const { baristaHome } = await import('./support/servers.mjs');
  const { lineOf } = await import('./support/processes.mjs');
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-stale', '--no-bundle'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  const { folder, settings } = await baristaHome();
  const server = spawn(process.execPath, ['--import', import.meta.url, PROGRAM], {
    cwd: folder,
    env: { PATH: process.env.PATH, ORT_DISABLE_TELEMETRY: '1', ...settings, DEADLINE_MS: NO_DEADLINE },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const failure = once(server, 'exit').then(([code]) => {
    throw new Error(`Barista ended with exit code ${code}`);
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await Promise.race([failure, report(await lineOf(server, ({ url }) => url), agent, server)]);
  } finally {
    agent.destroy();
    server.kill();
    await failure.catch(() => undefined);
    await rm(folder, { recursive: true });
  }
}

async function report(url, agent, server) {
  const ask = async (...command) => {
    server.send(command);
    const [result] = await once(server, 'message');
    return result;
  };
  while (!(await fetch(`${url}/health/ready`)).ok) await sleep(50);
  for (let index = 0; index < WARM_UP_REQUESTS; index += 1) await predict(url, agent);
  const idle = await callsOf(ask);
  const withRequest = await callsOf(ask, () => predict(url, agent));
  // Called in each interval with a request, and more often than in any idle interval.
  const called = [...withRequest].filter(([id, counts]) => Math.min(...counts) > Math.max(...(idle.get(id) ?? [0])));
  await ask(
    'trace',
    called.map(([id]) => id),
  );
  await predict(url, agent);
  const order = await ask('order');
  print([...new Set([...order, ...called.map(([id]) => id)].map((id) => id.split(' ')[0]))]);
}

/** @returns for each function that is called in every interval, the number of its calls in each */
async function callsOf(ask, act) {
  const calls = new Map();
  for (let round = 0; round < ROUNDS; round += 1) {
    await ask('take');
    await act?.();
    await sleep(INTERVAL_MS);
    for (const [id, count] of await ask('take')) calls.set(id, [...(calls.get(id) ?? []), count]);
  }
  return act === undefined ? calls : new Map([...calls].filter(([, counts]) => counts.length === ROUNDS));
}

/** Predicts one row on the kept-alive connection. Every row is new, because a repeated one would be answered from the cache. */
async function predict(url, agent) {
  rows += 1;
  const options = { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } };
  const sent = request(`${url}/predict`, options);
  sent.end(JSON.stringify({ ...ROW, sepal_length: 4 + rows / 1_000 }));
  const [response] = await once(sent, 'response');
  const text = (await response.toArray()).join('');
  if (response.statusCode !== 200) throw new Error(`POST /predict returned ${response.statusCode}: ${text}`);
}

/** @param files paths below dist/src, in the order of their first call */
function print(files) {
  const rooms = new Map();
  for (const file of files) rooms.set(roomOf(file), [...(rooms.get(roomOf(file)) ?? []), file]);
  console.log(`One warm POST /predict passes through ${files.length} files of src/.`);
  for (const [room, members] of rooms) {
    console.log(`\n${room} (${members.length})`);
    for (const file of members) console.log(`  ${relative(room, file).replace(/\.js$/, '.ts')}`);
  }
}

/** @returns `platform/<room>`, `serving/<room>`, or the folder of a feature */
function roomOf(file) {
  const folders = file.split('/').slice(0, -1);
  return folders.slice(0, ['platform', 'serving'].includes(folders[0]) ? 2 : 1).join('/') || '.';
}

/** In the application: answers the commands of `report`. A function's id is `<file> <offset>`. */
async function inspect() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const commands = { take: () => take(session), trace: (ids) => trace(session, ids), order: () => globalThis.order };
  process.on('message', async ([command, ...args]) => process.send((await commands[command](...args)) ?? null));
}

/** @returns the functions of ours that were called since the last time, with the number of calls */
async function take(session) {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => url.startsWith(OURS))
    .flatMap(({ url, functions }) =>
      functions
        .filter(({ ranges: [range] }) => range.count > 0)
        .map(({ ranges: [range] }) => [`${url.slice(OURS.length)} ${range.startOffset}`, range.count]),
    );
}

/** Records the calls of functions, with breakpoints whose condition takes a note and never holds. */
async function trace(session, ids) {
  const scripts = new Map();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.url, params.scriptId));
  await session.post('Debugger.enable');
  for (const id of ids) {
    const [file, offset] = id.split(' ');
    const start = positionOf(readFileSync(join(ROOT, 'dist/src', file), 'utf8').slice(0, Number(offset)));
    const scriptId = scripts.get(OURS + file);
    const found = await session.post('Debugger.getPossibleBreakpoints', { start: { scriptId, ...start } });
    const [location] = found.locations;
    const condition = `globalThis.order?.push(${JSON.stringify(id)}), false`;
    if (location !== undefined) await session.post('Debugger.setBreakpoint', { location, condition });
  }
  globalThis.order = [];
}

function positionOf(textBefore) {
  const lines = textBefore.split('\n');
  return { lineNumber: lines.length - 1, columnNumber: lines.at(-1).length };
}
