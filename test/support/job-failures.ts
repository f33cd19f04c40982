import { DomainError } from '../../src/platform/http/index.js';
import { sql } from './auth.js';
import type { Client } from './client.js';
import { enqueue, enqueueScript, untilJob } from './jobs.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

class OutOfBeansError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'beans.out';
}

/** A temporary error. */
export class MillBusyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'mill.busy';
  override readonly retryAfterSeconds = 0;
}

/** Behaviour of failing jobs on any database. Call it inside a `describe` whose app has the handlers of `JOB_HANDLERS`. */
export function itEndsJobsThatThrow(running: () => TestApp): void {
  let app: TestApp;
  let client: Client;
  let memberId: string;

  beforeAll(async () => {
    app = running();
    client = app.client();
    ({ id: memberId } = await client.signUpAndLogIn());
  });

  it('fails a job with the code and message of a DomainError', async () => {
    const id = await enqueueScript(app, memberId, () => Promise.reject(new OutOfBeansError('No beans left.')));
    const { error } = await untilJob(client, id, 'failed');
    expect(error).toEqual({ code: 'beans.out', detail: 'No beans left.' });
  });

  it('retries a temporary error without a limit of attempts', async () => {
    let tries = 0;
    const id = await enqueueScript(app, memberId, async () => {
      tries += 1;
      if (tries <= 6) throw new MillBusyError('The mill is busy.');
    });
    await until('it succeeds in the end', async () => {
      await sql(app, `UPDATE job SET "dueAt" = 0 WHERE id = '${id}' AND status = 'queued'`);
      return (await client.get(`/jobs/${id}`)).body.status === 'succeeded';
    });
    expect(tries).toBe(7);
  });

  it('fails a job after five unexpected errors, without disclosing them', async () => {
    let tries = 0;
    const id = await enqueueScript(app, memberId, () => {
      tries += 1;
      return Promise.reject(new Error('secret ingredient'));
    });
    await until('it has failed', async () => {
      await sql(app, `UPDATE job SET "dueAt" = 0 WHERE id = '${id}' AND status = 'queued'`);
      return (await client.get(`/jobs/${id}`)).body.status === 'failed';
    });
    expect(tries).toBe(5);
    const { body, text } = await client.get(`/jobs/${id}`);
    expect(body.error).toMatchObject({ code: 'job.failed' });
    expect(text).not.toContain('ingredient');
  });

  it('fails a job without a handler', async () => {
    const id = await enqueue(app, { kind: 'unheard-of', memberId, payload: {}, total: 0 });
    expect((await untilJob(client, id, 'failed')).error).toMatchObject({ code: 'job.no-handler' });
  });
}
