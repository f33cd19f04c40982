import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { JobEvents } from '../../src/jobs/results/job-events.js';
import { JobsRepository } from '../../src/jobs/jobs.repository.js';
import { countRows, sql } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { itDoesJobs } from '../support/job-behaviour.js';
import { itEndsJobsThatThrow } from '../support/job-failures.js';
import {
  enqueue,
  enqueueScript,
  JOB_HANDLERS,
  line,
  openResponse,
  Deferred,
  untilAborted,
  untilJob,
} from '../support/jobs.js';
import { promote } from '../support/menus.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** Hands out a response whose client has disconnected. */
@Controller('late')
class LateController {
  static closed = new Deferred<Response>();

  @Get()
  async take(@Res() response: Response): Promise<void> {
    response.flushHeaders();
    await once(response, 'close');
    LateController.closed.resolve(response);
  }
}

describe('JobsController on SQLite', () => {
  let app: TestApp;
  let client: Client;
  let memberId: string;

  beforeAll(async () => {
    app = await startTestApp({}, [LateController], JOB_HANDLERS);
    client = app.client();
    ({ id: memberId } = await client.signUpAndLogIn());
  });

  afterAll(() => app.close());

  itDoesJobs(() => app);
  itEndsJobsThatThrow(() => app);

  it('lists the jobs of a member page by page, newest first', async () => {
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

  it('shows a job to its owner only, and lets an administrator remove it', async () => {
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
    for (const path of ['', '/result', '/events']) expect((await stranger.get(`/jobs/${id}${path}`)).status).toBe(404);
    expect((await stranger.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await client.get(`/jobs/${id}`)).status).toBe(404);
  });

  it('accepts an API key', async () => {
    const { body } = await client.post('/auth/api-keys', { name: 'till' });
    const headers = { authorization: `Bearer ${body.key}` };
    const id = await enqueueScript(app, memberId, async () => {});
    expect((await app.client().get(`/jobs/${id}`, { headers })).status).toBe(200);
  });

  it.each(['1', 'nothing', '0197b7e6-7d0e-7a3b-9a55-1d8a2f6c3e1', '%00'])('rejects the id "%s"', async (id) => {
    for (const path of ['', '/result', '/events']) {
      expect((await client.get(`/jobs/${id}${path}`)).body.errors).toMatchObject([{ location: ['path', 'id'] }]);
    }
    expect((await client.delete(`/jobs/${id}`)).status).toBe(422);
  });

  it('rejects unknown and invalid query parameters', async () => {
    expect((await client.get('/jobs?status=queued')).status).toBe(422);
    expect((await client.get('/jobs?limit=0')).status).toBe(422);
    expect((await client.get('/jobs?limit=101')).status).toBe(422);
  });

  describe('GET /jobs/{id}/result', () => {
    it('sends a large result in order, as JSON lines and as CSV', async () => {
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

    it('reads the result no faster than the client does', async () => {
      const id = await enqueueScript(app, memberId, async (job) => {
        for (let step = 0; step < 16; step += 1) await job.save({ result: Buffer.alloc(2 ** 21, '\n') });
      });
      await untilJob(client, id, 'succeeded');
      const [row] = await sql<{ resultId: string }>(app, `SELECT "resultId" FROM job WHERE id = '${id}'`);
      const response = await openResponse(client, `/jobs/${id}/result`);
      expect(response.statusCode).toBe(200);
      expect((await client.delete(`/jobs/${id}`)).status).toBe(204);
      await until('it is gone', async () => (await countRows(app, `stored_file WHERE id = '${row!.resultId}'`)) === 0);
      // The unread rest is gone: the response must break off instead of ending.
      await expect(text(response)).rejects.toThrow('aborted');
    });

    it('responds 406 to a request for CSV if the handler has none', async () => {
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

    it('responds 409 until the job has succeeded', async () => {
      const [begun, goOn] = [new Deferred(), new Deferred()];
      const id = await enqueueScript(app, memberId, async (job) => {
        await job.save({ result: line(1) });
        begun.resolve();
        await goOn.promise;
      });
      await begun.promise;
      expect((await client.get(`/jobs/${id}/result`)).body).toMatchObject({ status: 409, code: 'job.not-finished' });
      goOn.resolve();
      await untilJob(client, id, 'succeeded');
      expect((await client.get(`/jobs/${id}/result`)).status).toBe(200);
    });
  });

  describe('GET /jobs/{id}/events', () => {
    it('sends each change, and ends with the job', async () => {
      const goOn = [new Deferred(), new Deferred()];
      const id = await enqueueScript(app, memberId, async (job) => {
        await goOn[0]!.promise;
        await job.save({ progress: { done: 1, total: 3, errors: 0 } });
        await goOn[1]!.promise;
        await job.save({ progress: { done: 3, total: 3, errors: 1 } });
      });
      await untilJob(client, id, 'running');
      const response = await openResponse(client, `/jobs/${id}/events`);
      expect(response.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      });
      const events = eventsOf(response);
      expect((await events.next()).value).toMatchObject({ id, status: 'running', progress: { done: 0 } });
      goOn[0]!.resolve();
      expect((await events.next()).value).toMatchObject({ status: 'running', progress: { done: 1 } });
      goOn[1]!.resolve();
      const rest: object[] = [];
      for await (const event of events) rest.push(event);
      expect(rest.at(-1)).toEqual((await client.get(`/jobs/${id}`)).body);
      expect(rest.at(-1)).toMatchObject({ status: 'succeeded', progress: { done: 3, total: 3, errors: 1 } });
    });

    it('sends one event for a finished job', async () => {
      const id = await enqueueScript(app, memberId, async () => {});
      await untilJob(client, id, 'succeeded');
      const found: object[] = [];
      for await (const event of eventsOf(await openResponse(client, `/jobs/${id}/events`))) found.push(event);
      expect(found).toMatchObject([{ id, status: 'succeeded' }]);
    });

    it('limits streams per member, and ends them when the job is cancelled', async () => {
      const id = await enqueueScript(app, memberId, untilAborted);
      const responses = await Promise.all(Array.from({ length: 10 }, () => openResponse(client, `/jobs/${id}/events`)));
      const refused = await client.get(`/jobs/${id}/events`);
      expect(refused.body).toMatchObject({ status: 429, code: 'job.too-many-streams' });
      expect(refused.headers.get('retry-after')).toBe('10');
      responses[0]!.destroy();
      await until('a stream is free again', async () => {
        const again = await openResponse(client, `/jobs/${id}/events`);
        if (again.statusCode === 200) responses.push(again);
        else again.destroy();
        return again.statusCode === 200;
      });
      await client.delete(`/jobs/${id}`);
      for (const response of responses.slice(1)) expect(await text(response)).toContain('"status":"cancelled"');
    });
  });

  it('ends a stream when its session or API key ends', async () => {
    const member = app.client();
    const { id: owner } = await member.signUpAndLogIn();
    const { id: keyId, key } = (await member.post('/auth/api-keys', { name: 'till' })).body;
    const id = await enqueueScript(app, owner, untilAborted);
    const [bySession, byKey] = [
      await openResponse(member, `/jobs/${id}/events`),
      await openResponse(member, `/jobs/${id}/events`, key),
    ];
    const [seenBySession, seenByKey] = [text(bySession), text(byKey)];
    await member.delete(`/auth/api-keys/${keyId}`);
    expect(await seenByKey).not.toContain('"status":"cancelled"');
    expect(bySession.complete).toBe(false);
    await member.post('/auth/logout');
    expect(await seenBySession).not.toContain('"status":"cancelled"');
  });

  it('keeps no stream for a client that has disconnected', async () => {
    const id = await enqueueScript(app, memberId, untilAborted);
    const [job] = await app.app.get(JobsRepository).findViews([id]);
    for (let n = 0; n < 10; n += 1) {
      LateController.closed = new Deferred();
      get(`${app.url}/late`, (response) => response.destroy());
      app.app.get(JobEvents).follow(job!, memberId, await LateController.closed.promise);
    }
    const response = await openResponse(client, `/jobs/${id}/events`);
    expect(response.statusCode).toBe(200);
    await client.delete(`/jobs/${id}`);
    expect(await text(response)).toContain('"status":"cancelled"');
  });

  it('exports metrics', async () => {
    const { text: metrics } = await client.get('/metrics');
    expect(metrics).toMatch(/^jobs_ended_total\{kind="scripted",status="succeeded"\} [1-9]/m);
    expect(metrics).toMatch(/^jobs_ended_total\{kind="scripted",status="cancelled"\} [1-9]/m);
    expect(metrics).toMatch(/^job_retries_total\{kind="scripted"\} [1-9]/m);
    expect(metrics).toMatch(/^job_duration_seconds_count\{kind="scripted",status="succeeded"\} [1-9]/m);
  });
});

/** The data of each event. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<object> {
  let rest = '';
  for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^event: progress\ndata: (.*)$/.exec(block)?.[1];
      if (data !== undefined) yield JSON.parse(data) as object;
    }
  }
}
