import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { JobHandler, type JobWork, type RunningJob } from '../../src/jobs/index.js';
import { JobHandlers } from '../../src/jobs/runner/job-handlers.js';
import { countOf, sql } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { itDoesJobs } from '../support/job-behaviour.js';
import {
  enqueue,
  enqueueScript,
  JOB_HANDLERS,
  line,
  PlainJobs,
  scripted,
  Signal,
  untilAborted,
  untilJob,
  upload,
} from '../support/jobs.js';
import { promote } from '../support/menus.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

describe('jobs', () => {
  let app: TestApp;
  let client: Client;
  let memberId: string;

  beforeAll(async () => {
    app = await startTestApp({}, [], JOB_HANDLERS);
    client = app.client();
    ({ id: memberId } = await client.signUpAndLogIn());
  });

  afterAll(() => app.close());

  itDoesJobs(() => app);

  it('lists the jobs of a member, the newest first, page by page', async () => {
    const member = app.client();
    const { id: owner } = await member.signUpAndLogIn();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await enqueueScript(app, owner, async () => {}));
    const first = (await member.get('/jobs?limit=3')).body;
    const second = (await member.get(`/jobs?limit=3&cursor=${first.nextCursor}`)).body;
    const found = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    expect(found).toEqual(ids.toReversed());
    expect(first.items).toHaveLength(3);
    expect(second.nextCursor).toBeNull();
    const stranger = await client.get(`/jobs?cursor=${first.nextCursor}`);
    expect(stranger.body.errors).toMatchObject([{ location: ['query', 'cursor'] }]);
    const madeUp = await member.get(`/jobs?cursor=${Buffer.from('["x","1"]').toString('base64url')}`);
    expect(madeUp.status).toBe(422);
  });

  it('shows a job to nobody but its member and administrators, and its result to its member alone', async () => {
    const id = await enqueueScript(app, memberId, (job) => job.save({ result: line(1) }));
    await untilJob(client, id, 'succeeded');
    const stranger = app.client();
    const { id: strangerId } = await stranger.signUpAndLogIn();
    for (const path of [`/jobs/${id}`, `/jobs/${id}/result`, `/jobs/${id}/events`]) {
      expect((await stranger.get(path)).body).toMatchObject({ status: 404, code: 'job.not-found' });
      expect((await app.client().get(path)).status).toBe(401);
    }
    expect((await stranger.delete(`/jobs/${id}`)).status).toBe(404);
    expect((await stranger.get('/jobs')).body.items).toEqual([]);
    await promote(app, strangerId);
    expect((await stranger.get(`/jobs/${id}`)).body).toMatchObject({ id, status: 'succeeded' });
    expect((await stranger.get(`/jobs/${id}/result`)).status).toBe(404);
    expect((await stranger.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await client.get(`/jobs/${id}`)).status).toBe(404);
  });

  it('takes an API key', async () => {
    const { body } = await client.post('/auth/api-keys', { name: 'till' });
    const headers = { authorization: `Bearer ${body.key}` };
    const id = await enqueueScript(app, memberId, async () => {});
    expect((await app.client().get(`/jobs/${id}`, { headers })).status).toBe(200);
  });

  it.each(['1', 'nothing', '0197b7e6-7d0e-7a3b-9a55-1d8a2f6c3e1', '%00'])('refuses "%s" as an id', async (id) => {
    for (const path of ['', '/result', '/events']) {
      expect((await client.get(`/jobs/${id}${path}`)).body.errors).toMatchObject([{ location: ['path', 'id'] }]);
    }
    expect((await client.delete(`/jobs/${id}`)).status).toBe(422);
  });

  it('refuses what it does not know', async () => {
    expect((await client.get('/jobs?status=queued')).status).toBe(422);
    expect((await client.get('/jobs?limit=0')).status).toBe(422);
    expect((await client.get('/jobs?limit=101')).status).toBe(422);
  });

  describe('a result', () => {
    it('comes as large as it is, in its order, as JSON lines and as CSV', async () => {
      const row = (n: number): string => `${JSON.stringify({ n, beans: 'x'.repeat(100) })}\n`;
      const lines = (step: number): string => Array.from({ length: 3_000 }, (_, n) => row(step * 3_000 + n)).join('');
      const id = await enqueueScript(app, memberId, async (job) => {
        for (let step = 0; step < 10; step += 1) await job.save({ result: Buffer.from(lines(step)) });
      });
      await untilJob(client, id, 'succeeded');
      const { headers, text: found } = await client.get(`/jobs/${id}/result`);
      const expected = Array.from({ length: 10 }, (_, step) => lines(step)).join('');
      expect(headers.get('content-length')).toBe(String(expected.length));
      expect(found === expected).toBe(true);
      const csv = await client.get(`/jobs/${id}/result?format=csv`);
      expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(csv.text === `n\n${Array.from({ length: 30_000 }, (_, n) => `${n}\n`).join('')}`).toBe(true);
    });

    it('is read no faster than it is taken', async () => {
      const id = await enqueueScript(app, memberId, async (job) => {
        for (let step = 0; step < 16; step += 1) await job.save({ result: Buffer.alloc(2 ** 21, '\n') });
      });
      await untilJob(client, id, 'succeeded');
      const [row] = await sql<{ resultId: string }>(app, `SELECT "resultId" FROM job WHERE id = '${id}'`);
      const answer = await open(client, `/jobs/${id}/result`);
      expect(answer.statusCode).toBe(200);
      expect((await client.delete(`/jobs/${id}`)).status).toBe(204);
      await until('it is gone', async () => (await countOf(app, `stored_file WHERE id = '${row!.resultId}'`)) === 0);
      // What had not been read before it went does not come, and the client is not told otherwise.
      await expect(text(answer)).rejects.toThrow('aborted');
    });

    it('is not there as CSV where the handler has none', async () => {
      const id = await enqueue(app, { kind: 'plain', memberId, payload: {}, total: 1 });
      await untilJob(client, id, 'succeeded');
      for (const refused of [
        await client.get(`/jobs/${id}/result`, { headers: { accept: 'text/csv' } }),
        await client.get(`/jobs/${id}/result?format=csv`),
      ]) {
        expect(refused.body).toMatchObject({ status: 406, code: 'job.no-csv' });
      }
      const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
      expect((await client.get(`/jobs/${id}/result`, { headers: browser })).text).toBe('{"n":1}\n');
      const head = await client.request('HEAD', `/jobs/${id}/result`);
      expect(head.headers.get('content-length')).toBe('8');
    });

    it('is not there before the job has succeeded', async () => {
      const [begun, goOn] = [new Signal(), new Signal()];
      const id = await enqueueScript(app, memberId, async (job) => {
        await job.save({ result: line(1) });
        begun.give();
        await goOn.come;
      });
      await begun.come;
      expect((await client.get(`/jobs/${id}/result`)).body).toMatchObject({ status: 409, code: 'job.not-finished' });
      goOn.give();
      await untilJob(client, id, 'succeeded');
      expect((await client.get(`/jobs/${id}/result`)).status).toBe(200);
    });
  });

  describe('events', () => {
    it('tell each change that lasts, and end with the job', async () => {
      const goOn = [new Signal(), new Signal()];
      const id = await enqueueScript(app, memberId, async (job) => {
        await goOn[0]!.come;
        await job.save({ progress: { done: 1, total: 3, errors: 0 } });
        await goOn[1]!.come;
        await job.save({ progress: { done: 3, total: 3, errors: 1 } });
      });
      await untilJob(client, id, 'running');
      const answer = await open(client, `/jobs/${id}/events`);
      expect(answer.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      });
      const events = eventsOf(answer);
      expect((await events.next()).value).toMatchObject({ id, status: 'running', progress: { done: 0 } });
      goOn[0]!.give();
      expect((await events.next()).value).toMatchObject({ status: 'running', progress: { done: 1 } });
      goOn[1]!.give();
      const rest: object[] = [];
      for await (const event of events) rest.push(event);
      expect(rest.at(-1)).toEqual((await client.get(`/jobs/${id}`)).body);
      expect(rest.at(-1)).toMatchObject({ status: 'succeeded', progress: { done: 3, total: 3, errors: 1 } });
    });

    it('of a job that is over are one', async () => {
      const id = await enqueueScript(app, memberId, async () => {});
      await untilJob(client, id, 'succeeded');
      const found: object[] = [];
      for await (const event of eventsOf(await open(client, `/jobs/${id}/events`))) found.push(event);
      expect(found).toMatchObject([{ id, status: 'succeeded' }]);
    });

    it('end when the job is removed, and are so many at once', async () => {
      const id = await enqueueScript(app, memberId, untilAborted);
      const answers = await Promise.all(Array.from({ length: 10 }, () => open(client, `/jobs/${id}/events`)));
      const refused = await client.get(`/jobs/${id}/events`);
      expect(refused.body).toMatchObject({ status: 429, code: 'job.too-many-streams' });
      expect(refused.headers.get('retry-after')).toBe('10');
      answers[0]!.destroy();
      await until('there is room again', async () => {
        const again = await open(client, `/jobs/${id}/events`);
        if (again.statusCode === 200) answers.push(again);
        else again.destroy();
        return again.statusCode === 200;
      });
      await client.delete(`/jobs/${id}`);
      for (const answer of answers.slice(1)) expect(await text(answer)).toContain('"status":"cancelled"');
    });
  });

  it('has figures', async () => {
    const { text: figures } = await client.get('/metrics');
    expect(figures).toMatch(/^jobs_ended_total\{kind="scripted",status="succeeded"\} [1-9]/m);
    expect(figures).toMatch(/^jobs_ended_total\{kind="scripted",status="cancelled"\} [1-9]/m);
    expect(figures).toMatch(/^job_retries_total\{kind="scripted"\} [1-9]/m);
    expect(figures).toMatch(/^job_duration_seconds_count\{kind="scripted",status="succeeded"\} [1-9]/m);
  });
});

describe('the runner', () => {
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

  it('goes on after a stop with what it was at, where it was', async () => {
    const begun = new Signal();
    const seen: unknown[] = [];
    const first = await start();
    const client = first.client();
    const { id: memberId, email, password } = await client.signUpAndLogIn();
    const id = await enqueueScript(first, memberId, async (job) => {
      seen.push(job.state);
      if (job.state !== undefined) return;
      await job.save({ state: { row: 7 }, result: line(7), progress: { done: 1, total: 2, errors: 0 } });
      begun.give();
      await untilAborted(job);
    });
    await begun.come;
    await running.pop()!.app.close();
    const again = await start();
    const later = again.client();
    await later.post('/auth/login', { email, password });
    expect(await untilJob(later, id, 'succeeded')).toMatchObject({ progress: { done: 1 } });
    expect(seen).toEqual([undefined, { row: 7 }]);
    expect((await later.get(`/jobs/${id}/result`)).text).toBe('{"n":7}\n');
  });

  it('takes over at once what a process left that was killed', async () => {
    const first = await start({ JOBS_AT_ONCE: '0' });
    const { id: memberId } = await first.client().signUpAndLogIn();
    const runs: string[] = [];
    const done = new Signal();
    const id = await enqueueScript(first, memberId, async (job) => {
      runs.push(job.id);
      done.give();
    });
    await sql(
      first,
      `UPDATE job SET status = 'running', fence = 1, "dueAt" = ${Date.now() + 600_000} WHERE id = '${id}'`,
    );
    await running.pop()!.app.close();
    await start();
    await done.come;
    expect(runs).toEqual([id]);
  });

  it('gives up what it never gets anywhere with', async () => {
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

  it('lets no member wait for all the jobs of another', async () => {
    const app = await start({ JOBS_AT_ONCE: '1' });
    const goOn = new Signal();
    const order: string[] = [];
    const [many, few] = [app.client(), app.client()];
    const [{ id: manyId }, { id: fewId }] = [await many.signUpAndLogIn(), await few.signUpAndLogIn()];
    const add = (name: string, memberId: string): Promise<string> =>
      enqueueScript(app, memberId, async () => {
        order.push(name);
        await goOn.come;
      });
    const ids = [await add('many 0', manyId)];
    await until('it runs', () => order.length === 1);
    for (const n of [1, 2, 3]) ids.push(await add(`many ${n}`, manyId));
    await add('few 0', fewId);
    await add('few 1', fewId);
    goOn.give();
    await untilJob(many, ids[3]!, 'succeeded');
    expect(order).toEqual(['many 0', 'few 0', 'many 1', 'few 1', 'many 2', 'many 3']);
  });

  it('does so many at once, and takes so many of a member', async () => {
    const app = await start({ JOBS_AT_ONCE: '3', JOBS_PER_MEMBER: '5' });
    const client = app.client();
    const { id: memberId } = await client.signUpAndLogIn();
    const goOn = new Signal();
    let atOnce = 0;
    let most = 0;
    const job = (): ReturnType<typeof scripted> =>
      scripted(memberId, async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await goOn.come;
        atOnce -= 1;
      });
    const ids = await Promise.all(Array.from({ length: 5 }, () => enqueue(app, job())));
    const results = await Promise.allSettled([1, 2, 3].map(() => enqueue(app, job())));
    expect(results).toMatchObject(
      [1, 2, 3].map(() => ({ reason: { code: 'job.too-many', retryAfterSeconds: expect.any(Number) } })),
    );
    await until('three run', () => atOnce === 3);
    goOn.give();
    for (const id of ids) await untilJob(client, id, 'succeeded');
    expect(most).toBe(3);
    await enqueue(app, job());
  });

  it('waits for room to store a result', async () => {
    const app = await start({ STORAGE_LIMIT_MB: '0.01' });
    const client = app.client();
    const { id: memberId } = await client.signUpAndLogIn();
    await expect(upload(app, 'x'.repeat(20_000))).rejects.toMatchObject({ kind: 'storage-full', code: 'storage.full' });
    const id = await enqueueScript(app, memberId, (job) => job.save({ result: Buffer.from('x'.repeat(20_000)) }));
    await until('it was put off', async () => (await countOf(app, `job WHERE id = '${id}' AND attempts > 0`)) === 1);
    expect((await client.get(`/jobs/${id}`)).body).toMatchObject({ error: null });
  });

  it('removes jobs, and their files, that have been over for long', async () => {
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
    await until('its files are gone', async () => (await countOf(again, 'stored_file')) === 2);
    expect((await later.get(`/jobs/${young}/result`)).text).toBe('{"n":1}\n');
  });

  it('ends the streams of those who follow when the application stops', async () => {
    const app = await start();
    const client = app.client();
    const { id: memberId } = await client.signUpAndLogIn();
    const id = await enqueueScript(app, memberId, untilAborted);
    await untilJob(client, id, 'running');
    const answer = await open(client, `/jobs/${id}/events`);
    const events = text(answer);
    await running.pop()!.app.close();
    expect(await events).toContain('"status":"running"');
  });

  it('does not start with two handlers of one kind', async () => {
    @JobHandler('plain')
    class AnotherHandler implements JobWork {
      async run(): Promise<void> {}
    }
    const providers = [JobHandlers, PlainJobs, AnotherHandler];
    const module = await Test.createTestingModule({ imports: [DiscoveryModule], providers }).compile();
    await expect(module.init()).rejects.toThrow('Two providers are the @JobHandler of the kind "plain"');
  });
});

/** An answer whose body is read when the test reads it. */
async function open(client: Client, path: string): Promise<IncomingMessage> {
  const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const [answer] = (await once(get(client.url + path, { headers: { cookie } }), 'response')) as [IncomingMessage];
  return answer;
}

/** The data of each event. */
async function* eventsOf(answer: IncomingMessage): AsyncGenerator<object> {
  let rest = '';
  for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^event: progress\ndata: (.*)$/.exec(block)?.[1];
      if (data !== undefined) yield JSON.parse(data) as object;
    }
  }
}
