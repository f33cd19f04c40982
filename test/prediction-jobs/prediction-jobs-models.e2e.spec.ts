import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { predictionsOf, finishedJob, linesOf, resultOf, sendJob, createJob } from '../support/prediction-jobs.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const DETAIL: unknown = expect.any(String);
const ERRORS: unknown = expect.any(Array);
const JSON_LINES = { 'content-type': 'application/x-ndjson' };
/** Rows for the model `spin`, each of which takes about a second. */
const LONG_ROWS = linesOf(Array.from({ length: 60 }, () => ({ turns: 100_000 })));
const PAIRS = Array.from({ length: 600 }, (_, index) => ({ a: index, b: 1 }));
const MANIFEST = { features: [{ name: 'a' }, { name: 'b' }], output: { value: 'sum' } };

describe('Prediction jobs and model versions', () => {
  let store: TestModelStore;
  let app: TestApp;
  let member: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
    await store.add('pick', 'pick', { manifest: { example: { input: { index: 1 } } } });
    await store.add('centre', 'centre');
    await store.add('inner', 'sum', { manifest: { ...MANIFEST, access: 'admin' } });
    for (const name of ['grow', 'gone', 'swap']) await store.add(name, 'sum', { manifest: MANIFEST });
    await store.write('broken/1/model.onnx', 'no model at all');
    app = await startTestApp({ MODELS_DIR: store.path, JOBS_AT_ONCE: '1' });
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const send = async (model: string, rows: readonly object[], onError?: string): Promise<string> => {
    return (await createJob(member, linesOf(rows), { model, headers: JSON_LINES, onError })).id;
  };

  /** Occupies the runner during a change, so that the job of `model` starts after it. */
  async function meanwhile(model: string, change: () => Promise<void>): Promise<string> {
    const first = await createJob(member, LONG_ROWS, { model: 'spin', headers: JSON_LINES });
    const id = await send(model, PAIRS);
    await change();
    expect((await member.get(`/jobs/${id}`)).body).toMatchObject({ status: 'queued', version: '1' });
    expect((await member.delete(`/jobs/${first.id}`)).status).toBe(204);
    return id;
  }

  const versionOf = async (model: string): Promise<unknown> =>
    (await member.get(`/models/${model}`)).body.defaultVersion as unknown;

  it('uses the version that was current when the job was created', async () => {
    const id = await meanwhile('grow', async () => {
      await store.add('grow', 'difference', { version: 2 });
      await until('version 2 serves', async () => (await versionOf('grow')) === '2');
    });
    const lines = await resultOf(member, id);
    expect(lines).toEqual(PAIRS.map(({ a, b }, row) => ({ row, value: a + b })));
  });

  it('fails with model.version-not-found if the version was removed', async () => {
    const id = await meanwhile('gone', async () => {
      await store.add('gone', 'difference', { version: 2 });
      await rm(join(store.path, 'gone/1'), { recursive: true });
      await until('version 2 is alone', async () => {
        const { versions } = (await member.get('/models/gone')).body as { versions: { version: string }[] };
        return versions.map(({ version }) => version).join() === '2';
      });
    });
    expect(await finishedJob(member, id)).toMatchObject({
      status: 'failed',
      error: { code: 'model.version-not-found' },
    });
  });

  it('fails with job.version-gone if the file of the version was replaced', async () => {
    const id = await meanwhile('swap', async () => {
      const before = (await member.get('/models/swap')).body.versions[0].sha256 as string;
      await cp(join(ROOT, 'test/fixtures/models/difference.onnx'), join(store.path, 'swap/1/model.onnx'));
      const isOther = async (): Promise<boolean> => {
        const [version] = (await member.get('/models/swap')).body.versions as { sha256: string; state: string }[];
        return version!.sha256 !== before && version!.state === 'ready';
      };
      await until('the other file serves', isOther);
    });
    const job = await finishedJob(member, id);
    expect(job).toMatchObject({ status: 'failed', progress: { done: 0 }, error: { code: 'job.version-gone' } });
  });

  it('isolates a row on which the model fails', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => ({ index: index === 123 || index === 200 ? 7 : index % 3 }));
    const lines = await resultOf(member, await send('pick', rows, 'skip'));
    const expected = rows.map(({ index }, row) =>
      index === 7
        ? { row, error: { code: 'model.input-rejected', detail: DETAIL, errors: ERRORS } }
        : { row, picked: 10 * (index + 1) },
    );
    expect(lines).toEqual(expected);
    const job = await finishedJob(member, await send('pick', rows));
    expect(job).toMatchObject({
      status: 'failed',
      progress: { done: 123, errors: 1 },
      error: { code: 'model.input-rejected', detail: expect.stringMatching(/^Line 124: /) },
    });
  });

  it('predicts rows of a model that cannot batch', async () => {
    const rows = Array.from({ length: 600 }, (_, index) => ({ x: [index, -index] }));
    expect(await resultOf(member, await send('centre', rows))).toEqual(await predictionsOf(member, rows, 'centre'));
  });

  it('cancels a job during a model run', async () => {
    const { id } = await createJob(member, LONG_ROWS, { model: 'spin', headers: JSON_LINES });
    await until('it runs', async () => (await member.get(`/jobs/${id}`)).body.status === 'running');
    expect((await member.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await member.get(`/jobs/${id}`)).body.status).toBe('cancelled');
    // The runner is free again.
    expect(await resultOf(member, await send('grow', PAIRS))).toHaveLength(PAIRS.length);
  });

  it('requires access to the model, and a ready version', async () => {
    const options = { headers: JSON_LINES };
    expect((await sendJob(member, linesOf(PAIRS), { ...options, model: 'inner' })).status).toBe(403);
    const { status, body } = await sendJob(member, linesOf(PAIRS), { ...options, model: 'broken' });
    expect([status, body.code]).toEqual([503, 'model.not-ready']);
  });
});
