import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { JobHandler, type RunningJob } from '../../src/jobs/index.js';
import { isFinished } from '../../src/jobs/job-status.js';
import { JobHandlers } from '../../src/jobs/runner/job-handlers.js';
import { countRows, sql } from '../support/auth.js';
import { MillBusyError } from '../support/job-failures.js';
import {
  enqueue,
  enqueueScript,
  JOB_HANDLERS,
  line,
  openResponse,
  PlainJobs,
  scripted,
  Deferred,
  untilAborted,
  untilJob,
  upload,
} from '../support/jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

describe('JobRunner', () => {
  let directory: string;
  let variables: Record<string, string>;
  let running: TestApp[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-jobs-'));
    variables = { DATABASE_URL: `sqlite:${join(directory, 'jobs.db')}` };
    running = [];
  });

  afterEach(async () => {
    for (const app of running) await app.close();
    await rm(directory, { recursive: true });
  });

  const start = async (more: Record<string, string> = {}): Promise<TestApp> => {
    const app = await startTestApp({ ...variables, ...more }, [], JOB_HANDLERS);
    running.push(app);
    return app;
  };

  it('resumes a job from its last checkpoint after a stop of the application', async () => {
    const begun = new Deferred();
    const seen: unknown[] = [];
    const first = await start();
    const client = first.client();
    const { id: memberId, email, password } = await client.signUpAndLogIn();
    const id = await enqueueScript(first, memberId, async (job) => {
      seen.push(job.state);
      if (job.state !== undefined) return;
      await job.save({ state: { row: 7 }, result: line(7), progress: { done: 1, total: 2, errors: 0 } });
      begun.resolve();
      await untilAborted(job);
    });
    await begun.promise;
    await running.pop()!.app.close();
    const again = await start();
    const later = again.client();
    await later.post('/auth/login', { email, password });
    expect(await untilJob(later, id, 'succeeded')).toMatchObject({ progress: { done: 1 } });
    expect(seen).toEqual([undefined, { row: 7 }]);
    expect((await later.get(`/jobs/${id}/result`)).text).toBe('{"n":7}\n');
  });

  it('claims the running jobs of a killed process at once, on SQLite', async () => {
    const first = await start({ JOBS_AT_ONCE: '0' });
    const { id: memberId } = await first.client().signUpAndLogIn();
    const runs: string[] = [];
    const done = new Deferred();
    const id = await enqueueScript(first, memberId, async (job) => {
      runs.push(job.id);
      done.resolve();
    });
    await sql(
      first,
      `UPDATE job SET status = 'running', fence = 1, "dueAt" = ${Date.now() + 600_000} WHERE id = '${id}'`,
    );
    await running.pop()!.app.close();
    await start();
    await done.promise;
    expect(runs).toEqual([id]);
  });

  it('retries a temporary error even if no runner was up for days', async () => {
    const app = await start({ JOBS_AT_ONCE: '0' });
    const client = app.client();
    const { id: memberId, email, password } = await client.signUpAndLogIn();
    let tries = 0;
    const id = await enqueueScript(app, memberId, () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new MillBusyError('The mill is busy.')) : Promise.resolve();
    });
    const then = Date.now() - 3 * 86_400_000;
    await sql(app, `UPDATE job SET fence = 1, "startedAt" = ${then}, "savedAt" = ${then} WHERE id = '${id}'`);
    await running.pop()!.app.close();
    const later = (await start()).client();
    await later.post('/auth/login', { email, password });
    await until('it has finished', async () => isFinished((await later.get(`/jobs/${id}`)).body.status));
    expect((await later.get(`/jobs/${id}`)).body).toMatchObject({ status: 'succeeded', error: null });
    expect(tries).toBe(2);
  });

  it('fails a job after 20 starts without progress', async () => {
    const app = await start({ JOBS_AT_ONCE: '0' });
    const client = app.client();
    const { id: memberId, email, password } = await client.signUpAndLogIn();
    const id = await enqueueScript(app, memberId, () => Promise.reject(new Error('never called')));
    await sql(app, `UPDATE job SET fence = 20 WHERE id = '${id}'`);
    await running.pop()!.app.close();
    const later = (await start()).client();
    await later.post('/auth/login', { email, password });
    expect((await untilJob(later, id, 'failed')).error).toMatchObject({ code: 'job.worn-out' });
  });

  it('takes the jobs of members in turn', async () => {
    const app = await start({ JOBS_AT_ONCE: '1' });
    const goOn = new Deferred();
    const order: string[] = [];
    const [many, few] = [app.client(), app.client()];
    const [{ id: manyId }, { id: fewId }] = [await many.signUpAndLogIn(), await few.signUpAndLogIn()];
    const add = (name: string, memberId: string): Promise<string> =>
      enqueueScript(app, memberId, async () => {
        order.push(name);
        await goOn.promise;
      });
    const ids = [await add('many 0', manyId)];
    await until('it runs', () => order.length === 1);
    for (const n of [1, 2, 3]) ids.push(await add(`many ${n}`, manyId));
    await add('few 0', fewId);
    await add('few 1', fewId);
    goOn.resolve();
    await untilJob(many, ids[3]!, 'succeeded');
    expect(order).toEqual(['many 0', 'few 0', 'many 1', 'few 1', 'many 2', 'many 3']);
  });

  it('runs JOBS_AT_ONCE jobs concurrently, and rejects more than JOBS_PER_MEMBER of a member', async () => {
    const app = await start({ JOBS_AT_ONCE: '3', JOBS_PER_MEMBER: '5' });
    const client = app.client();
    const { id: memberId } = await client.signUpAndLogIn();
    const goOn = new Deferred();
    let atOnce = 0;
    let most = 0;
    const job = (): ReturnType<typeof scripted> =>
      scripted(memberId, async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await goOn.promise;
        atOnce -= 1;
      });
    const ids = await Promise.all(Array.from({ length: 5 }, () => enqueue(app, job())));
    const results = await Promise.allSettled([1, 2, 3].map(() => enqueue(app, job())));
    expect(results).toMatchObject(
      [1, 2, 3].map(() => ({ reason: { code: 'job.too-many', retryAfterSeconds: expect.any(Number) } })),
    );
    await until('three run', () => atOnce === 3);
    goOn.resolve();
    for (const id of ids) await untilJob(client, id, 'succeeded');
    expect(most).toBe(3);
    await enqueue(app, job());
  });

  it('postpones a job while the storage for its result is full', async () => {
    const app = await start({ STORAGE_LIMIT_MB: '0.01' });
    const client = app.client();
    const { id: memberId } = await client.signUpAndLogIn();
    await expect(upload(app, 'x'.repeat(20_000))).rejects.toMatchObject({ kind: 'storage-full', code: 'storage.full' });
    const id = await enqueueScript(app, memberId, (job) => job.save({ result: Buffer.from('x'.repeat(20_000)) }));
    await until('it is postponed', async () => (await countRows(app, `job WHERE id = '${id}' AND attempts > 0`)) === 1);
    expect((await client.get(`/jobs/${id}`)).body).toMatchObject({ error: null });
  });

  it('removes jobs that finished before JOBS_KEEP_DAYS, with their files', async () => {
    const first = await start({ JOBS_KEEP_DAYS: '2' });
    const client = first.client();
    const { id: memberId, email, password } = await client.signUpAndLogIn();
    const add = async (): Promise<string> => {
      const script = (job: RunningJob): Promise<void> => job.save({ result: line(1) });
      const id = await enqueue(first, scripted(memberId, script, { inputId: await upload(first, 'beans') }));
      await untilJob(client, id, 'succeeded');
      return id;
    };
    const [old, young] = [await add(), await add()];
    const daysAgo = (days: number): number => Date.now() - days * 86_400_000;
    await sql(first, `UPDATE job SET "finishedAt" = ${daysAgo(2.1)} WHERE id = '${old}'`);
    await sql(first, `UPDATE job SET "finishedAt" = ${daysAgo(1.9)} WHERE id = '${young}'`);
    await running.pop()!.app.close();
    const again = await start({ JOBS_KEEP_DAYS: '2' });
    const later = again.client();
    await later.post('/auth/login', { email, password });
    await until('it is gone', async () => (await later.get(`/jobs/${old}`)).status === 404);
    await until('its files are gone', async () => (await countRows(again, 'stored_file')) === 2);
    expect((await later.get(`/jobs/${young}/result`)).text).toBe('{"n":1}\n');
  });

  it('ends event streams when the application stops', async () => {
    const app = await start();
    const client = app.client();
    const { id: memberId } = await client.signUpAndLogIn();
    const id = await enqueueScript(app, memberId, untilAborted);
    await untilJob(client, id, 'running');
    const response = await openResponse(client, `/jobs/${id}/events`);
    const events = text(response);
    await running.pop()!.app.close();
    expect(await events).toContain('"status":"running"');
  });

  it('refuses to start with two handlers of one kind', async () => {
    @JobHandler('plain')
    class AnotherHandler implements JobHandler {
      async run(): Promise<void> {}
    }
    const providers = [JobHandlers, PlainJobs, AnotherHandler];
    const module = await Test.createTestingModule({ imports: [DiscoveryModule], providers }).compile();
    await expect(module.init()).rejects.toThrow('Two providers are the @JobHandler of the kind "plain"');
  });
});
