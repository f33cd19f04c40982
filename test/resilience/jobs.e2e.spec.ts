import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Client } from '../support/client.js';
import { predictionsOf, csvOf, irisRows, finishedJob, resultOf, createJob } from '../support/prediction-jobs.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS, randomFrom, report, scale } from '../support/reliability.js';
import { until } from '../support/until.js';

const KILLS = scale(3, 20);
/** Enough rows that the job is not done before the last kill. */
const ROWS = irisRows(scale(30_000, 400_000));
/** Maximum of event loop turns between the observed progress and the kill. */
const MAX_TURNS = 200;

describe('kill -9 during a prediction job', () => {
  const random = randomFrom(1);
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-jobs-'));
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'predicts every row exactly once',
    async () => {
      let app = await start();
      const login = app.client();
      await login.signUpAndLogIn();
      const headers = { 'idempotency-key': 'the-whole-file' };
      const { id } = await createJob(login, csvOf(ROWS), { headers });
      const killedAt: number[] = [];
      while (killedAt.length < KILLS) {
        const client = resumed(login, app);
        const killed = await killDuring(app, client, id, killedAt.at(-1) ?? 0);
        if (killed === undefined) break;
        killedAt.push(killed);
        app = await start();
      }
      const client = resumed(login, app);
      const job = await finishedJob(client, id, ATTACK_MS);
      report('kills during a job', { kills: killedAt.length, rows: ROWS.length });
      expect(killedAt).toHaveLength(KILLS);
      expect(job).toMatchObject({
        status: 'succeeded',
        progress: { done: ROWS.length, total: ROWS.length, errors: 0 },
      });
      expect(await resultOf(client, id)).toEqual(await predictionsOf(client, ROWS));
      // A client without a response repeats the request.
      const again = await createJob(client, csvOf(ROWS), { headers });
      expect(again.id).toBe(id);
      expect((await client.get('/jobs')).body.items).toHaveLength(1);
    },
    ATTACK_MS,
  );

  function start(): Promise<ProcessApp> {
    return ProcessApp.start({}, { databaseUrl: `sqlite:${join(directory, 'barista.db')}` });
  }

  /** The client with the same cookies, connected to the restarted application. */
  function resumed(login: Client, app: ProcessApp): Client {
    const client = app.client();
    for (const [name, value] of login.cookies) client.cookies.set(name, value);
    return client;
  }

  /** Kills the process after some progress. @returns the progress; undefined if the job was done */
  async function killDuring(app: ProcessApp, client: Client, id: string, from: number): Promise<number | undefined> {
    let job = { status: '', progress: { done: 0 } };
    const isOver = (): boolean => job.status !== 'running' && job.status !== 'queued';
    await until(
      'the job comes on',
      async () => {
        job = (await client.get(`/jobs/${id}`)).body;
        return job.progress.done > from || isOver();
      },
      ATTACK_MS,
    );
    if (isOver()) return undefined;
    for (let turns = random(MAX_TURNS); turns > 0; turns -= 1) await nextTurn();
    app.signal('SIGKILL');
    await app.ended;
    return job.progress.done;
  }
});
