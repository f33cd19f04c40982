import type { EntityManager } from 'typeorm';
import { IdentityService } from '../../src/auth/index.js';
import { countRows, sql } from '../support/auth.js';
import { itDoesJobs } from '../support/job-behaviour.js';
import { itEndsJobsThatThrow } from '../support/job-failures.js';
import { enqueueScript, JOB_HANDLERS, line, Deferred, untilAborted, untilJob } from '../support/jobs.js';
import { describeUnless } from '../support/describe-unless.js';
import { findPostgres, type PostgresServer, postgresUnavailableReason, startPostgres } from '../support/postgres.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const bin = findPostgres();
const describeWithPostgres = describeUnless(postgresUnavailableReason(bin));

const JOBS = 30;
const STEPS = 5;

describeWithPostgres('JobsModule on PostgreSQL', () => {
  let postgres: PostgresServer;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await startPostgres(bin!);
    app = await startTestApp({ DATABASE_URL: postgres.url }, [], JOB_HANDLERS);
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    await postgres?.stop();
  });

  itDoesJobs(() => app);
  itEndsJobsThatThrow(() => app);

  it('withdraws a member without a deadlock while a checkpoint of their job locks the member', async () => {
    const client = app.client();
    const { id, password } = await client.signUpAndLogIn();
    const [begun, goOn, saved] = [new Deferred(), new Deferred(), new Deferred<unknown>()];
    await enqueueScript(app, id, async (job) => {
      const work = async (manager: EntityManager): Promise<void> => {
        begun.resolve();
        await goOn.promise;
        await app.app.get(IdentityService).lockMember({ id }, manager);
      };
      saved.resolve(await job.save({ work }).catch((error: unknown) => error));
    });
    await begun.promise;
    let isOver = false;
    const withdrawal = client.delete('/auth/me', { password }).finally(() => (isOver = true));
    const waiting = `pg_stat_activity WHERE wait_event_type = 'Lock'`;
    await until(
      'it has finished, or waits for the checkpoint',
      async () => isOver || (await countRows(app, waiting)) > 0,
    );
    goOn.resolve();
    expect((await withdrawal).status).toBe(204);
    expect(await saved.promise).toMatchObject({ code: 'auth.required' });
  });

  describe('JobRunner in two processes', () => {
    let other: TestApp;

    beforeAll(async () => {
      other = await startTestApp({ DATABASE_URL: postgres.url, JOBS_AT_ONCE: '4' }, [], JOB_HANDLERS);
    });

    afterAll(() => other.close());

    it('commits each step of each job exactly once', async () => {
      const client = app.client();
      const { id: memberId } = await client.signUpAndLogIn();
      await sql(app, 'CREATE TABLE step (job varchar(36), step integer)');
      const add = (): Promise<string> =>
        enqueueScript(app, memberId, async (job) => {
          for (let step = (job.state as number | undefined) ?? 0; step < STEPS; step += 1) {
            const work = async (manager: { query(text: string): Promise<unknown> }): Promise<void> => {
              await manager.query(`INSERT INTO step VALUES ('${job.id}', ${step})`);
            };
            await job.save({ state: step + 1, result: line(step), work });
            // Half of the jobs fail once, and are retried by either runner.
            if (step === 2 && Number.parseInt(job.id.at(-1)!, 16) % 2 === 0 && job.state === 3) await maybeFail(job.id);
          }
        });
      const failed = new Set<string>();
      async function maybeFail(id: string): Promise<void> {
        if (failed.has(id)) return;
        failed.add(id);
        throw new Error('spilt');
      }
      const ids = await Promise.all(Array.from({ length: JOBS }, add));
      for (const id of ids) await untilJob(client, id, 'succeeded');
      expect(await countRows(app, 'step')).toBe(JOBS * STEPS);
      expect(await countRows(app, '(SELECT DISTINCT job, step FROM step) AS distinct_steps')).toBe(JOBS * STEPS);
      const lines = Array.from({ length: STEPS }, (_, step) => line(step).toString()).join('');
      for (const id of ids) expect((await client.get(`/jobs/${id}/result`)).text).toBe(lines);
    });

    it('claims a job whose lease has expired, and refuses checkpoints under the former lease', async () => {
      const client = app.client();
      const { id: memberId } = await client.signUpAndLogIn();
      const runs: string[] = [];
      const [begun, over] = [new Deferred(), new Deferred<unknown>()];
      const id = await enqueueScript(app, memberId, async (job) => {
        runs.push(job.id);
        if (runs.length > 1) return job.save({ result: line(2) });
        await job.save({ result: line(1) });
        begun.resolve();
        await untilAborted(job).catch(() => undefined);
        over.resolve(await job.save({ result: line(3) }).catch((error: unknown) => error));
      });
      await begun.promise;
      // Expires the lease.
      await sql(app, `UPDATE job SET "dueAt" = 0 WHERE id = '${id}'`);
      expect(await over.promise).toMatchObject({ name: 'JobLostError' });
      await untilJob(client, id, 'succeeded');
      expect(runs).toHaveLength(2);
      expect((await client.get(`/jobs/${id}/result`)).text).toBe('{"n":1}\n{"n":2}\n');
    });

    it('stops a job that is cancelled in the other process', async () => {
      const client = app.client();
      const { id: memberId, email, password } = await client.signUpAndLogIn();
      const elsewhere = other.client();
      await elsewhere.post('/auth/login', { email, password });
      const begun = new Deferred();
      const ended = new Deferred<unknown>();
      const id = await enqueueScript(app, memberId, async (job) => {
        begun.resolve();
        await untilAborted(job).catch(ended.resolve);
      });
      await begun.promise;
      const cancelled = await Promise.all([client.delete(`/jobs/${id}`), elsewhere.get(`/jobs/${id}`)]);
      expect(cancelled[0].status).toBe(204);
      expect(await ended.promise).toMatchObject({ name: 'JobLostError' });
      expect((await elsewhere.get(`/jobs/${id}`)).body.status).toBe('cancelled');
    });
  });
});
