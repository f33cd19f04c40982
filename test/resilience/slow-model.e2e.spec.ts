import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS, countEach, report, scale } from '../support/reliability.js';

/** What a run of the model takes, about. */
const RUN_MS = 50;
const TIMES_TOO_MUCH = 5;
const CALLERS_AT_PEAK = 4;
const RUNS_AT_PEAK = scale(20, 200);
const OFFERED = scale(150, 3_000);
/** In less the model cannot serve what is offered, however quick the machine is. */
const DEADLINE_MS = '1000';

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
}

describe('a slow model that is offered five times what it can serve', () => {
  let store: TestModelStore;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
  });

  afterEach(killLeftovers);
  afterAll(() => store.remove());

  it(
    'answers or says when to come again, stays alive, and is as before when the load is over',
    async () => {
      const app = await ProcessApp.start({ MODELS_DIR: store.path, DEADLINE_MS });
      const client = app.client();
      const turns = await turnsFor(client);
      const peak = await rateAtPeak(client, turns);

      const since = performance.now();
      const { answers, probes } = await offer(client, turns, 1_000 / (peak * TIMES_TOO_MUCH));
      const seconds = (performance.now() - since) / 1_000;
      const overSince = performance.now();
      while ((await msOf(client, turns)) > 3 * RUN_MS);
      const normalAgainMs = performance.now() - overSince;

      const statuses = countEach(answers.map(({ status }) => status));
      expect(Object.keys(statuses).sort()).toEqual(['200', '503']);
      expect(answers.filter(({ status, retryAfter }) => status === 503 && !(Number(retryAfter) >= 1))).toEqual([]);
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

/** How often the model has to turn for a run to take as long as it should on this machine. */
async function turnsFor(client: Client): Promise<number> {
  let turns = 1_000;
  while ((await leastMsOf(client, turns)) < RUN_MS) turns *= 1.5;
  return Math.round(turns);
}

/** Of a few: one alone may have met something else on the machine. */
async function leastMsOf(client: Client, turns: number): Promise<number> {
  return Math.min(await msOf(client, turns), await msOf(client, turns), await msOf(client, turns));
}

async function msOf(client: Client, turns: number): Promise<number> {
  const since = performance.now();
  const { status } = await client.post('/models/spin/predict', { turns: Math.round(turns) });
  return status === 200 ? performance.now() - since : Infinity;
}

/** Runs a second, of callers who wait for one answer before they ask for the next. */
async function rateAtPeak(client: Client, turns: number): Promise<number> {
  const since = performance.now();
  const caller = async (): Promise<void> => {
    for (let run = 0; run < RUNS_AT_PEAK / CALLERS_AT_PEAK; run += 1) await msOf(client, turns);
  };
  await Promise.all(Array.from({ length: CALLERS_AT_PEAK }, caller));
  return (RUNS_AT_PEAK / (performance.now() - since)) * 1_000;
}

/** Requests that come whether or not those before them have been answered, and looks at the health beside them. */
async function offer(client: Client, turns: number, everyMs: number) {
  const under: Promise<Answer>[] = [];
  const probes: { status: number; ms: number }[] = [];
  for (let sent = 0; sent < OFFERED; sent += 1) {
    under.push(ask(client, turns));
    if (sent % 10 === 0) {
      const since = performance.now();
      const { status } = await client.get('/health/live');
      probes.push({ status, ms: performance.now() - since });
    }
    await delay(everyMs);
  }
  return { answers: await Promise.all(under), probes };
}

async function ask(client: Client, turns: number): Promise<Answer> {
  const { status, headers } = await client.post('/models/spin/predict', { turns });
  return { status, retryAfter: headers.get('retry-after') };
}
