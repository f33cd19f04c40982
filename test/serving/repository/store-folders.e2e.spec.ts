import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../support/client.js';
import { BROWSER_HEADERS } from '../../support/markup.js';
import { promote } from '../../support/menus.js';
import { TestModelStore } from '../../support/model-store.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

const MISNAMED = [
  '커피 추천',
  'my model',
  'iris_v2@prod',
  'cafe\u0301',
  '50%',
  'a&b="<c>"',
  'what?#',
  'C++',
  '_shared',
  '__proto__',
  'x'.repeat(65),
];
const IGNORED = ['.git', '__MACOSX', 'lost+found', '@eaDir', '$RECYCLE.BIN', 'System Volume Information'];

interface ModelSummary {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly versions: { readonly version: string }[];
}

describe('folders of the model store', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let admin: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    for (const name of [...MISNAMED, ...IGNORED]) await store.add(name, 'sum');
    for (const version of ['9', '10', '1764500000', '1764500000000', '9007199254740991']) {
      await store.add('times', version === '10' ? 'difference' : 'sum', { version: Number(version) });
    }
    for (const folder of ['v1', '01', '0', '1.0', '9007199254740992', '.2', 'report']) {
      await store.write(`unversioned/${folder}/model.onnx`, '');
    }
    await symlink('nowhere', join(store.path, 'dangling'));
    await symlink('circle', join(store.path, 'circle'));
    await writeFile(join(store.path, 'notes.txt'), 'notes');
    await symlink('notes.txt', join(store.path, 'linked.txt'));
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    admin = app.client();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const listed = async (): Promise<ModelSummary[]> => (await client.get('/models')).body.items as ModelSummary[];

  it.each(MISNAMED)('list one named %j as failed, with the rule', async (name) => {
    const item = (await listed()).find((model) => model.name === name);
    expect(item).toMatchObject({ state: 'failed', versions: [] });
    expect(item!.reason).toMatch(/not named as a model can be: rename it to 1 to 64 of a–z, A–Z, 0–9, dot/);
  });

  it.each(MISNAMED)('answer at every address of one named %j that it is not ready', async (name) => {
    const path = `/models/${encodeURIComponent(name)}`;
    expect(await client.get(path)).toMatchObject({ status: 200, body: { name, state: 'failed', input: null } });
    const page = await client.get(path, { headers: BROWSER_HEADERS });
    expect([page.status, page.text.includes('This model cannot be used')]).toEqual([200, true]);
    for (const [method, target] of [
      ['POST', `${path}/predict`],
      ['POST', `${path}/jobs`],
      ['POST', `/v2${path}/infer`],
    ] as const) {
      expect((await admin.request(method, target, { json: { x: [1, 2] } })).status).toBe(503);
    }
    expect((await client.get(`/v2${path}/ready`)).status).toBe(503);
    expect((await admin.request('POST', `/v2/repository${path}/load`)).status).toBe(409);
    expect((await admin.put(`${path}/default`, { version: '1' })).status).toBe(422);
    expect((await client.post(`${path}/versions/1/predict`, { x: [1, 2] })).status).toBe(404);
  });

  it('are linked from the page of all models, whatever their names', async () => {
    const { text } = await client.get('/models', { headers: BROWSER_HEADERS });
    for (const name of MISNAMED) expect(text).toContain(`href="/models/${encodeURIComponent(name)}"`);
    expect(text).not.toContain('<c>');
  });

  it('appear in the index of /v2 if they are misnamed, and neither in OpenAPI nor in the metrics', async () => {
    const { body: index } = await admin.post('/v2/repository/index');
    for (const name of MISNAMED) expect(index).toContainEqual(expect.objectContaining({ name, state: 'UNAVAILABLE' }));
    const { paths, components } = (await client.get('/openapi.json')).body;
    const names = [...Object.keys(paths), ...Object.keys(components.schemas)].join('\n');
    const { text: metrics } = await client.get('/metrics');
    for (const name of MISNAMED.filter((misnamed) => misnamed !== 'C++')) {
      expect(names).not.toContain(name);
      expect(metrics).not.toContain(name);
    }
  });

  it('are ignored if they are hidden or of another program, and so are files and links to files', async () => {
    const names = (await listed()).map(({ name }) => name);
    for (const name of [...IGNORED, 'notes.txt', 'linked.txt']) expect(names).not.toContain(name);
  });

  it.each(['dangling', 'circle'])('are listed as failed if they are a link that leads nowhere: %s', async (name) => {
    const { body } = await client.get(`/models/${name}`);
    expect(body).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/its folder cannot be read \((ENOENT|ELOOP)\)/),
    });
  });

  it('do not keep the other models from serving', async () => {
    const { body } = await client.post('/models/times/predict', { x: [2, 3] });
    expect(body.predictions).toEqual([{ sum: 5 }]);
  });

  it('are versions if their name is a whole number up to 2^53, in the order of the numbers', async () => {
    const { body } = await client.get('/models/times');
    const versions = (body as ModelSummary).versions.map(({ version }) => version);
    expect(versions).toEqual(['9007199254740991', '1764500000000', '1764500000', '10', '9']);
    expect(body.defaultVersion).toBe('9007199254740991');
    const { body: answer } = await client.post('/models/times/versions/10/predict', { x: [2, 3] });
    expect(answer).toMatchObject({ version: '10', predictions: [{ sum: -1 }] });
    expect((await admin.put('/models/times/default', { version: '1764500000000' })).body.defaultVersion).toBe(
      '1764500000000',
    );
    expect((await client.get('/v2/models/times/versions/1764500000/ready')).body.ready).toBe(true);
  });

  it('are named in the reason where none is a version', async () => {
    const { body } = await client.get('/models/unversioned');
    expect(body.reason).toBe(
      'it has no version: a folder such as 1/ with model.onnx in it (a version is a whole number from 1 to ' +
        '9007199254740991 without leading zeros; there are "0", "01", "1.0", "9007199254740992", "v1")',
    );
  });

  it('serve once they have been renamed', async () => {
    await store.add('new model', 'sum');
    await until('it is listed', async () => (await client.get('/models/new%20model')).status === 200);
    await rename(join(store.path, 'new model'), join(store.path, 'new-model'));
    await until(
      'it serves',
      async () => (await client.post('/models/new-model/predict', { x: [1, 2] })).status === 200,
    );
    expect((await client.get('/models/new-model')).body.state).toBe('ready');
    await until('its old name is gone', async () => (await client.get('/models/new%20model')).status === 404);
  });
});
