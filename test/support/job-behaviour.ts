import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { JobsService, type RunningJob } from '../../src/jobs/index.js';
import { JobQueue } from '../../src/jobs/runner/job-queue.js';
import { countRows, sql } from './auth.js';
import type { Client } from './client.js';
import { enqueue, enqueueScript, line, scripted, Deferred, untilAborted, untilJob, upload } from './jobs.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

type Manager = Pick<EntityManager, 'query'>;

/** Behaviour of jobs on any database. Call it inside a `describe` whose app has the handlers of `JOB_HANDLERS`. */
export function itDoesJobs(running: () => TestApp): void {
  let app: TestApp;
  let client: Client;
  let memberId: string;

  beforeAll(async () => {
    app = running();
    client = app.client();
    ({ id: memberId } = await client.signUpAndLogIn());
    // A table for the writes of jobs.
    await sql(app, 'CREATE TABLE note (job varchar(36), step integer)');
  });

  const noted = async (id: string): Promise<number[]> => {
    const rows = await sql<{ step: number }>(app, `SELECT step FROM note WHERE job = '${id}' ORDER BY step`);
    return rows.map(({ step }) => step);
  };
  const note = (id: string, step: number) => ({
    work: async (manager: Manager): Promise<void> => {
      await manager.query(`INSERT INTO note VALUES ('${id}', ${step})`);
    },
  });
  /** Three checkpoints, each with a row and a line of the result, resuming from the job's state. */
  const threeSteps = async (job: RunningJob, after: (step: number) => Promise<void>): Promise<void> => {
    for (let step = (job.state as number | undefined) ?? 0; step < 3; step += 1) {
      const progress = { done: step + 1, total: 3, errors: 0 };
      await job.save({ progress, state: step + 1, result: line(step), ...note(job.id, step) });
      await after(step);
    }
  };
  /** Files of a job that has an input and a result. */
  const filesOf = async (id: string): Promise<string[]> => {
    const rows = await sql<Record<string, string>>(app, `SELECT "inputId", "resultId" FROM job WHERE id = '${id}'`);
    return Object.values(rows[0]!);
  };
  const stored = (ids: readonly string[]): Promise<number> =>
    countRows(app, `stored_file WHERE id IN (${ids.map((id) => `'${id}'`).join(', ')})`);
  const untilGone = (ids: readonly string[]): Promise<void> =>
    until('its files are gone', async () => (await stored(ids)) === 0);

  it('runs a job, shows it, and keeps its result until it is removed', async () => {
    const inputId = await upload(app, 'beans');
    const id = await enqueue(
      app,
      scripted(memberId, (job) => threeSteps(job, async () => {}), { inputId, model: 'iris', version: '1' }),
    );
    const job = await untilJob(client, id, 'succeeded');
    expect(job).toEqual({
      id,
      kind: 'scripted',
      model: 'iris',
      version: '1',
      status: 'succeeded',
      progress: { done: 3, total: 3, errors: 0 },
      createdAt: expect.any(String),
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      error: null,
    });
    const result = await client.get(`/jobs/${id}/result`);
    expect(result).toMatchObject({ status: 200, text: '{"n":0}\n{"n":1}\n{"n":2}\n' });
    expect(result.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(result.headers.get('content-disposition')).toBe(`attachment; filename="scripted-${id}.jsonl"`);
    expect(result.headers.get('cache-control')).toBe('no-store');
    const csv = await client.get(`/jobs/${id}/result`, { headers: { accept: 'text/csv' } });
    expect(csv).toMatchObject({ status: 200, text: 'n\n0\n1\n2\n' });
    const files = await filesOf(id);
    expect(await stored(files)).toBe(2);
    expect((await client.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await client.get(`/jobs/${id}`)).body).toMatchObject({ status: 404, code: 'job.not-found' });
    await untilGone(files);
  });

  it('rolls back enqueueing with the unit of work of the caller', async () => {
    const inputId = await upload(app, 'beans');
    let id = '';
    const undone = app.app.get(UnitOfWork).run(async (manager) => {
      const job = scripted(memberId, async () => {}, { inputId });
      ({ id } = await app.app.get(JobsService).enqueue(manager, job));
      await note(id, 0).work(manager);
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect((await client.get(`/jobs/${id}`)).status).toBe(404);
    expect(await noted(id)).toEqual([]);
    // The upload is not kept either.
    expect(await countRows(app, `stored_file WHERE id = '${inputId}' AND "removeAt" > ${Date.now()}`)).toBe(1);
  });

  it.each([
    ['a step that fails after its checkpoint', (step: number, tries: number) => step === 1 && tries === 1],
    ['a failure after every checkpoint', (step: number, tries: number) => step === tries - 1],
  ])('resumes after %s, and commits each step once', async (_, fails) => {
    let tries = 0;
    const id = await enqueueScript(app, memberId, (job) => {
      tries += 1;
      return threeSteps(job, async (step) => {
        if (fails(step, tries)) throw new Error('spilt');
      });
    });
    await untilJob(client, id, 'succeeded');
    expect(tries).toBeGreaterThan(1);
    expect(await noted(id)).toEqual([0, 1, 2]);
    expect((await client.get(`/jobs/${id}/result`)).text).toBe('{"n":0}\n{"n":1}\n{"n":2}\n');
  });

  it('keeps nothing of a checkpoint whose writes fail', async () => {
    const caught = new Deferred<unknown>();
    const id = await enqueueScript(app, memberId, async (job) => {
      await job.save({
        state: 'good',
        progress: { done: 1, total: 3, errors: 0 },
        result: line(1),
        ...note(job.id, 1),
      });
      const work = async (manager: Manager): Promise<void> => {
        await note(job.id, 2).work(manager);
        throw new Error('spilt');
      };
      const bad = { state: 'bad', progress: { done: 2, total: 3, errors: 0 }, result: line(2), work };
      caught.resolve([await job.save(bad).catch((error: Error) => error.message), job.state, job.progress.done]);
    });
    expect(await caught.promise).toEqual(['spilt', 'good', 1]);
    expect((await untilJob(client, id, 'succeeded')).progress).toMatchObject({ done: 1 });
    expect(await noted(id)).toEqual([1]);
    expect((await client.get(`/jobs/${id}/result`)).text).toBe('{"n":1}\n');
  });

  it('refuses a checkpoint after another runner has claimed the job', async () => {
    const [begun, taken] = [new Deferred(), new Deferred()];
    const refused = new Deferred<unknown>();
    const id = await enqueueScript(app, memberId, async (job) => {
      if (job.state === undefined) await job.save({ state: 'first', ...note(job.id, 0) });
      else return;
      begun.resolve();
      await taken.promise;
      refused.resolve(
        await job.save({ state: 'second', result: line(1), ...note(job.id, 1) }).catch((error: unknown) => error),
      );
      await untilAborted(job);
    });
    await begun.promise;
    await sql(app, `UPDATE job SET fence = fence + 1, "dueAt" = 0 WHERE id = '${id}'`);
    taken.resolve();
    expect(await refused.promise).toMatchObject({ name: 'JobLostError' });
    await untilJob(client, id, 'succeeded');
    expect(await noted(id)).toEqual([0]);
    expect((await client.get(`/jobs/${id}/result`)).text).toBe('');
  });

  it('cancels a running job at once, and removes its files', async () => {
    const begun = new Deferred();
    const ended = new Deferred<unknown>();
    const inputId = await upload(app, 'beans');
    const script = async (job: RunningJob): Promise<void> => {
      await job.save({ result: line(0), progress: { done: 1, total: 3, errors: 0 } });
      begun.resolve();
      await untilAborted(job).catch(ended.resolve);
      await job.save({ result: line(1) });
    };
    const id = await enqueue(app, scripted(memberId, script, { inputId }));
    await begun.promise;
    const files = await filesOf(id);
    expect(await stored(files)).toBe(2);
    expect((await client.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await client.get(`/jobs/${id}`)).body).toMatchObject({
      status: 'cancelled',
      progress: { done: 1 },
      finishedAt: expect.any(String),
    });
    expect(await ended.promise).toMatchObject({ name: 'JobLostError' });
    expect((await client.get(`/jobs/${id}/result`)).body).toMatchObject({ status: 409, code: 'job.not-finished' });
    await untilGone(files);
    expect((await client.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await client.get(`/jobs/${id}`)).status).toBe(404);
  });

  it('tells valid from former leases without a write', async () => {
    const [begun, goOn] = [new Deferred(), new Deferred()];
    const id = await enqueueScript(app, memberId, async () => {
      begun.resolve();
      await goOn.promise;
    });
    await begun.promise;
    const [lease, former] = [1, 0].map((fence) => ({ id, fence }));
    const queue = app.app.get(JobQueue);
    expect(await queue.findValid([lease!, former!])).toEqual(new Set([lease]));
    goOn.resolve();
    await untilJob(client, id, 'succeeded');
    expect(await queue.findValid([lease!])).toEqual(new Set());
  });

  it('stops a job that was cancelled in another process', async () => {
    const begun = new Deferred();
    const ended = new Deferred<unknown>();
    const id = await enqueueScript(app, memberId, async (job) => {
      begun.resolve();
      await untilAborted(job).catch(ended.resolve);
    });
    await begun.promise;
    const cancelled = `status = 'cancelled', "dueAt" = NULL, "finishedAt" = ${Date.now()}`;
    await sql(app, `UPDATE job SET ${cancelled} WHERE id = '${id}'`);
    expect(await ended.promise).toMatchObject({ name: 'JobLostError' });
    expect((await client.get(`/jobs/${id}`)).body.status).toBe('cancelled');
  });

  it('makes one job of 20 concurrent requests with one key, and rejects the key with another body', async () => {
    const script = scripted(memberId, async () => {});
    const first = { ...script, idempotency: { key: 'lunch', digest: 'a'.repeat(64) } };
    const inputs = await Promise.all(Array.from({ length: 20 }, (_, n) => upload(app, `upload ${n}`)));
    const ids = await Promise.all(inputs.map((inputId) => enqueue(app, { ...first, inputId })));
    expect(new Set(ids).size).toBe(1);
    await until('one input is left', async () => (await stored(inputs)) === 1);
    const other = enqueue(app, { ...first, idempotency: { key: 'lunch', digest: 'b'.repeat(64) } });
    await expect(other).rejects.toMatchObject({ code: 'job.idempotency-key-reused' });
    await untilJob(client, ids[0]!, 'succeeded');
    expect(await enqueue(app, first)).toBe(ids[0]);
  });

  it('removes the jobs of a member who withdraws, the running one included', async () => {
    const leaver = app.client();
    const { id, password } = await leaver.signUpAndLogIn();
    const begun = new Deferred();
    const ended = new Deferred<unknown>();
    const script = async (job: RunningJob): Promise<void> => {
      await job.save({ result: line(0) });
      begun.resolve();
      await untilAborted(job).catch(() => undefined);
      ended.resolve(await job.save({ result: line(1), ...note(job.id, 1) }).catch((error: unknown) => error));
    };
    const job = await enqueue(app, scripted(id, script, { inputId: await upload(app, 'beans') }));
    await begun.promise;
    const files = await filesOf(job);
    expect(await stored(files)).toBe(2);
    expect((await leaver.delete('/auth/me', { password })).status).toBe(204);
    expect(await ended.promise).toMatchObject({ name: 'JobLostError' });
    expect(await countRows(app, `job WHERE "memberId" = '${id}'`)).toBe(0);
    expect(await noted(job)).toEqual([]);
    await untilGone(files);
    const late = enqueue(
      app,
      scripted(id, async () => {}),
    );
    await expect(late).rejects.toMatchObject({ code: 'auth.required' });
  });
}
