import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, csvOf, finishedJob, linesOf, resultOf, sendJob, type SentJob } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PAIRS = Array.from({ length: 600 }, (_, index) => ({ a: index, b: 1 }));
const JSON_LINES = { 'content-type': 'application/x-ndjson' };
/** Version 1 gives sums, the candidate 2 differences, of features with other names. */
const MANIFEST = {
  features: [{ name: 'a' }, { name: 'b' }],
  output: { value: 'sum' },
  example: { input: { a: 1, b: 2 }, value: 3 },
  versions: { 2: { candidate: true, features: [{ name: 'left' }, { name: 'right' }] }, 3: { sha256: '0'.repeat(64) } },
};

describe('Prediction jobs by version', () => {
  let store: TestModelStore;
  let app: TestApp;
  let member: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('pair', 'sum');
    await store.add('pair', 'difference', { version: 2 });
    await store.add('pair', 'difference', { version: 3, manifest: MANIFEST });
    await store.add('inner', 'sum', { manifest: { ...MANIFEST, versions: {}, access: 'admin' } });
    app = await startTestApp({ MODELS_DIR: store.path });
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const send = (raw: string, job: SentJob) => sendJob(member, raw, { model: 'pair', ...job });

  it('predict with that version, in its features', async () => {
    const renamed = PAIRS.map(({ a, b }) => ({ left: a, right: b }));
    for (const [raw, headers] of [
      [csvOf(renamed), {}],
      [linesOf(renamed), JSON_LINES],
    ] as const) {
      const { id } = await createJob(member, raw, { model: 'pair', version: '2', headers });
      expect((await finishedJob(member, id)).version).toBe('2');
      expect((await resultOf(member, id)).map(({ value }) => value)).toEqual(PAIRS.map(({ a, b }) => a - b));
    }
    const { body } = await send(csvOf(PAIRS), { version: '2' });
    expect(body.errors.map(({ message }: { message: string }) => message)).toContain(
      'left is required as a column of the header',
    );
    const { id } = await createJob(member, csvOf(PAIRS), { model: 'pair', version: '1' });
    expect((await resultOf(member, id))[7]).toMatchObject({ value: 8 });
  });

  it('need a version that is ready, and access to the model', async () => {
    expect((await send(csvOf(PAIRS), { version: '9' })).body.code).toBe('model.version-not-found');
    const { status, body } = await send(csvOf(PAIRS), { version: '3' });
    expect([status, body.code]).toEqual([503, 'model.not-ready']);
    expect((await send(csvOf(PAIRS), { model: 'inner', version: '1' })).status).toBe(403);
    expect((await send(csvOf(PAIRS), { model: 'nothing', version: '1' })).status).toBe(404);
    const anonymous = await sendJob(app.client(), csvOf(PAIRS), { model: 'pair', version: '1' });
    expect(anonymous.status).toBe(401);
  });

  it('have Idempotency-Keys of their own: a key does not return a job of another version', async () => {
    const headers = { 'idempotency-key': 'by-version' };
    const job = { model: 'pair', version: '1', headers };
    const { id } = await createJob(member, csvOf(PAIRS), job);
    expect((await createJob(member, csvOf(PAIRS), job)).id).toBe(id);
    const { status, body } = await send(csvOf(PAIRS), { headers });
    expect([status, body.code]).toEqual([422, 'job.idempotency-key-reused']);
  });
});
