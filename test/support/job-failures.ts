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

/** Passes by itself. */
export class MillBusyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'mill.busy';
  override readonly retryAfterSeconds = 0;
}

/** How jobs that throw end on any database. To be called inside a `describe`; the app has the handlers of `JOB_HANDLERS`. */
export function itEndsJobsThatThrow(running: () => TestApp): void {
  let app: TestApp;
  let client: Client;
  let memberId: string;

  beforeAll(async () => {
    app = running();
    client = app.client();
    ({ id: memberId } = await client.signUpAndLogIn());
  });

  it('fails with the words of the error, where they are for clients', async () => {
    const id = await enqueueScript(app, memberId, () => Promise.reject(new OutOfBeansError('No beans left.')));
    const { error } = await untilJob(client, id, 'failed');
    expect(error).toEqual({ code: 'beans.out', detail: 'No beans left.' });
  });

  it('tries again what is unavailable, for as long as it takes', async () => {
    let tries = 0;
    const id = await enqueueScript(app, memberId, async () => {
      tries += 1;
      if (tries <= 6) throw new MillBusyError('The mill is busy.');
    });
    await until('it is done in spite of that', async () => {
      await sql(app, `UPDATE job SET "dueAt" = 0 WHERE id = '${id}' AND status = 'queued'`);
      return (await client.get(`/jobs/${id}`)).body.status === 'succeeded';
    });
    expect(tries).toBe(7);
  });

  it('gives up what goes wrong again and again, and does not say what it was', async () => {
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

  it('fails a job that nothing here does', async () => {
    const id = await enqueue(app, { kind: 'unheard-of', memberId, payload: {}, total: 0 });
    expect((await untilJob(client, id, 'failed')).error).toMatchObject({ code: 'job.no-handler' });
  });
}
