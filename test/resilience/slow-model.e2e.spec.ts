import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS, countEach, report, scale } from '../support/reliability.js';

/** Approximate duration of a run of the model. */
const RUN_MS = 50;
const OVERLOAD_FACTOR = 5;
const CALLERS_AT_PEAK = 4;
const RUNS_AT_PEAK = scale(20, 200);
const OFFERED = scale(150, 3_000);
/** Too short for the offered load on any machine, because the duration of a run is calibrated. */
const DEADLINE_MS = '1000';

interface SpinResponse {
  readonly status: number;
  readonly retryAfter: string | null;
}

describe('a slow model under five times its capacity', () => {
  let store: TestModelStore;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
  });

  afterEach(killLeftovers);
  afterAll(() => store.remove());

  it(
    'predicts or responds with 503 and Retry-After, stays live, and recovers after the load',
    async () => {
      const app = await ProcessApp.start({ MODELS_DIR: store.path, DEADLINE_MS });
      const client = app.client();
      const turns = await turnsFor(client);
      const peak = await rateAtPeak(client, turns);

      const since = performance.now();
      const { responses, probes } = await offer(client, turns, 1_000 / (peak * OVERLOAD_FACTOR));
      const seconds = (performance.now() - since) / 1_000;
      const overSince = performance.now();
      while ((await msOf(client, turns)) > 3 * RUN_MS);
      const normalAgainMs = performance.now() - overSince;

      const statuses = countEach(responses.map(({ status }) => status));
      expect(Object.keys(statuses).sort()).toEqual(['200', '503']);
      expect(responses.filter(({ status, retryAfter }) => status === 503 && !(Number(retryAfter) >= 1))).toEqual([]);
      expect(probes.filter(({ status }) => status !== 200)).toEqual([]);
      report('slow model', {
        ...statuses,
        peakPerSecond: peak,
        goodput: statuses['200']! / seconds / peak,
        slowestHealthMs: Math.max(...probes.map(({ ms }) => ms)),
        normalAgainMs,
      });
      await app.stop();
    },
    ATTACK_MS,
  );
});

/** Calibrates the loop count of the model for a run of `RUN_MS` on this machine. */
async function turnsFor(client: Client): Promise<number> {
  let turns = 1_000;
  while ((await leastMsOf(client, turns)) < RUN_MS) turns *= 1.5;
  return Math.round(turns);
}

/** @returns the minimum of three runs, which excludes other load on the machine */
async function leastMsOf(client: Client, turns: number): Promise<number> {
  return Math.min(await msOf(client, turns), await msOf(client, turns), await msOf(client, turns));
}

async function msOf(client: Client, turns: number): Promise<number> {
  const since = performance.now();
  const { status } = await client.post('/models/spin/predict', { turns: Math.round(turns) });
  return status === 200 ? performance.now() - since : Infinity;
}

/** @returns runs per second of callers that each wait for their response (closed loop) */
async function rateAtPeak(client: Client, turns: number): Promise<number> {
  const since = performance.now();
  const caller = async (): Promise<void> => {
    for (let run = 0; run < RUNS_AT_PEAK / CALLERS_AT_PEAK; run += 1) await msOf(client, turns);
  };
  await Promise.all(Array.from({ length: CALLERS_AT_PEAK }, caller));
  return (RUNS_AT_PEAK / (performance.now() - since)) * 1_000;
}

/** Sends requests at a fixed rate, independent of the responses (open loop), and health probes beside them. */
async function offer(client: Client, turns: number, everyMs: number) {
  const pending: Promise<SpinResponse>[] = [];
  const probes: { status: number; ms: number }[] = [];
  for (let sent = 0; sent < OFFERED; sent += 1) {
    pending.push(ask(client, turns));
    if (sent % 10 === 0) {
      const since = performance.now();
      const { status } = await client.get('/health/live');
      probes.push({ status, ms: performance.now() - since });
    }
    await delay(everyMs);
  }
  return { responses: await Promise.all(pending), probes };
}

async function ask(client: Client, turns: number): Promise<SpinResponse> {
  const { status, headers } = await client.post('/models/spin/predict', { turns });
  return { status, retryAfter: headers.get('retry-after') };
}
