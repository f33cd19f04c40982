import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBareBatches } from '../support/bare-batches.mjs';
import { irisCsv } from '../support/iris-rows.mjs';
import { load, median } from '../support/load.mjs';
import { BEHIND_PROXY, keyOf } from '../support/member.mjs';
import { REQUEST } from '../support/predict-peers.mjs';
import { failureRow, ratioWithin } from '../support/rounds.mjs';
import { startBarista } from '../support/servers.mjs';

const ROWS = 100_000;
const GOAL = 3;
const GROWTH_MIB = 50;
const POLL_MS = 20;
/** Number of jobs for the warm-up. */
const WARM_UPS = 3;
const WARM_UP_CONNECTIONS = 32;
/** V8 runs a major collection every few seconds. The peak of the memory shows after several of them. */
const WARM_UP_SECONDS = 15;
/** Clients that wait for their response send one request at a time. */
const CONNECTIONS = 1;

export const title = `A job of ${ROWS.toLocaleString('en')} iris rows, beside ONNX Runtime alone and beside POST /predict`;

export async function run({ rounds, seconds }) {
  const server = await startBarista({ variables: BEHIND_PROXY });
  const bare = await startBareBatches(ROWS);
  try {
    const jobs = new Jobs(server, await keyOf(server));
    const fresh = residentMib(server.pid);
    await jobs.run();
    const first = jobs.mostMib - fresh;
    // The memory of a warm server.
    await load(server, REQUEST, { connections: WARM_UP_CONNECTIONS, seconds: WARM_UP_SECONDS });
    const before = residentMib(server.pid);
    for (let index = 0; index < WARM_UPS; index += 1) await jobs.run();
    const [alone, whole, doing, idle, busy] = [[], [], [], [], []];
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await bare.seconds());
      const job = await jobs.run();
      whole.push(job.wholeSeconds);
      doing.push(job.seconds);
      idle.push(await load(server, REQUEST, { connections: CONNECTIONS, seconds }));
      busy.push(await jobs.during(() => load(server, REQUEST, { connections: CONNECTIONS, seconds })));
    }
    return { rows: report({ alone, whole, doing, idle, busy, first, growth: jobs.mostMib - before }) };
  } finally {
    bare.stop();
    await server.stop();
  }
}

function report({ alone, whole, doing, idle, busy, first, growth }) {
  const [bare, all, own] = [alone, whole, doing].map(median);
  const [p99, p99Busy] = [idle, busy].map((found) => median(found.map((round) => round.p99)));
  const allowed = 2 * p99 + 5;
  return [
    { what: 'ONNX Runtime alone, batches of 256, one thread', figure: `${bare.toFixed(3)} s` },
    { what: 'the job, from its beginning to its end', ...beside(own, bare) },
    { what: 'the same with the upload and the check of the whole file', ...beside(all, bare) },
    growthRow('growth of a web process (RSS) that has just started, by one job', first),
    growthRow('growth of one that has been at work, by all of them', growth),
    { what: 'POST /predict, idle', figure: `p99 ${p99.toFixed(2)} ms` },
    {
      what: 'POST /predict, while jobs run',
      figure: `p99 ${p99Busy.toFixed(2)} ms`,
      goal: `≤ ${allowed.toFixed(1)} ms`,
      isMet: p99Busy <= allowed,
    },
    failureRow('of these requests failed', [...idle, ...busy]),
  ];
}

function growthRow(what, growth) {
  return { what, figure: `${Math.round(growth)} MiB`, goal: `< ${GROWTH_MIB} MiB`, isMet: growth < GROWTH_MIB };
}

/** Measures the duration of a job and its ratio to ONNX Runtime alone. */
function beside(seconds, bare) {
  const { ratio, goal, isMet } = ratioWithin(seconds / bare, GOAL);
  return { figure: `${seconds.toFixed(3)} s, ${ratio} of that`, goal, isMet };
}

/** Runs the jobs of one member one after another, and records the peak memory of the server. */
class Jobs {
  mostMib = 0;
  csv = irisCsv(ROWS);

  constructor(server, key) {
    this.server = server;
    this.headers = { Authorization: `Bearer ${key}` };
  }

  /** Runs one job. */
  async run() {
    const since = performance.now();
    const headers = { ...this.headers, 'Content-Type': 'text/csv' };
    let job = await this.ask('/models/iris/jobs', { method: 'POST', headers, body: this.csv });
    while (job.status === 'queued' || job.status === 'running') {
      await sleep(POLL_MS);
      this.mostMib = Math.max(this.mostMib, residentMib(this.server.pid));
      job = await this.ask(`/jobs/${job.id}`);
    }
    const wholeSeconds = (performance.now() - since) / 1000;
    if (job.status !== 'succeeded' || job.progress.done !== ROWS) throw new Error(JSON.stringify(job));
    await fetch(`${this.server.url}/jobs/${job.id}`, { method: 'DELETE', headers: this.headers });
    return { wholeSeconds, seconds: (Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000 };
  }

  /** Runs jobs while `work` is pending. */
  async during(work) {
    let isOver = false;
    const working = (async () => {
      while (!isOver) await this.run();
    })();
    const result = await work().finally(() => (isOver = true));
    await working;
    return result;
  }

  async ask(path, init = {}) {
    const response = await fetch(this.server.url + path, { headers: this.headers, ...init });
    if (!response.ok) throw new Error(`${path} answers ${response.status} ${await response.text()}`);
    return response.json();
  }
}

/** @returns the resident memory of one process, without its model processes */
function residentMib(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
