import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Client } from '../../support/client.js';
import { promote } from '../../support/menus.js';
import { TestModelStore } from '../../support/model-store.js';
import { ROOT } from '../../support/project.js';
import { sendVerbatim } from '../../support/send-verbatim.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const SECRET = 'the recipe of the house blend';
const MODELS = join(ROOT, 'test/fixtures/models');
const WEIGHTS = 'external.weights';
/** Paths of the same length as `external.weights`, to replace it in the file of the model. */
const THROUGH_LINK = 'up/outside.bytes';
const CLIMBING = '../escaped.bytes';
const ABSOLUTE = '/proc/self/statm';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('the boundaries of the model store', () => {
  let outside: string;
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let admin: Client;

  beforeAll(async () => {
    outside = await mkdtemp(join(tmpdir(), 'barista-outside-'));
    await mkdir(join(outside, '1'));
    await cp(join(MODELS, 'sum.onnx'), join(outside, '1/model.onnx'));
    await cp(join(MODELS, WEIGHTS), join(outside, 'outside.bytes'));
    await writeFile(join(outside, 'model.json'), JSON.stringify({ description: SECRET }));
    await writeFile(join(outside, 'notes.txt'), SECRET);
    store = await TestModelStore.create();
    await fill();
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    admin = app.client();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
    await rm(outside, { recursive: true });
  });

  const link = (target: string, path: string): Promise<void> => symlink(target, join(store.path, path));

  async function fill(): Promise<void> {
    for (const name of ['sum', 'linked-manifest', 'dangling-manifest', 'circular-manifest'])
      await store.add(name, 'sum');
    await link(join(outside, 'notes.txt'), 'linked-manifest/model.json');
    await link(join(outside, 'nothing.json'), 'dangling-manifest/model.json');
    await link('model.json', 'circular-manifest/model.json');
    await link(outside, 'linked-folder');
    await store.write('linked-version/model.json', '{}');
    await link(join(outside, '1'), 'linked-version/1');
    await store.write('linked-file/model.json', '{}');
    await mkdir(join(store.path, 'linked-file/1'));
    await link(join(outside, '1/model.onnx'), 'linked-file/1/model.onnx');
    await store.write('indirectly-linked-file/1/notes', '');
    await link('../../linked-file/1/model.onnx', 'indirectly-linked-file/1/model.onnx');
    await store.write('alias/1/notes', '');
    await link('../../sum/1/model.onnx', 'alias/1/model.onnx');
    const pin = sha256(await readFile(join(MODELS, WEIGHTS)));
    await addWithWeights('weights-climb', CLIMBING, pin);
    await cp(join(MODELS, WEIGHTS), join(store.path, 'weights-climb/1', CLIMBING));
    await addWithWeights('weights-linked', THROUGH_LINK, pin);
    await link(outside, 'weights-linked/1/up');
    await addWithWeights('weights-absolute', ABSOLUTE, pin);
    const sum = sha256(await readFile(join(MODELS, 'sum.onnx')));
    await store.add('pinned', 'sum', { manifest: { versions: { 1: { sha256: sum } } } });
  }

  /** Adds a model with external weights at `path`, pinned in its manifest. */
  async function addWithWeights(name: string, path: string, pin: string): Promise<void> {
    await store.add(name, 'external', { manifest: { versions: { 1: { files: { [path]: pin } } } } });
    const model = (await readFile(join(MODELS, 'external.onnx'))).toString('latin1').replace(WEIGHTS, path);
    await store.write(`${name}/1/model.onnx`, Buffer.from(model, 'latin1'));
  }

  it.each([
    ['linked-folder', /is a link out of the model store/],
    ['linked-version', /model.onnx is a link out of the model store/],
    ['linked-file', /model.onnx is a link out of the model store/],
    ['indirectly-linked-file', /model.onnx is a link out of the model store/],
    ['linked-manifest', /model.json is a link out of the model store/],
    ['dangling-manifest', /model.json is missing/],
    ['circular-manifest', /model.json is missing/],
    ['weights-climb', /which is outside of its folder/],
    ['weights-linked', /which is outside of its folder/],
    ['weights-absolute', /is missing beside it/],
  ])('keep files outside of the store from being loaded through %s', async (name, reason) => {
    const { body, text } = await client.get(`/models/${name}`);
    expect(body).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    expect(text).not.toMatch(new RegExp(`recipe|${basename(outside)}`));
    expect((await client.post(`/models/${name}/predict`, { x: [1, 2] })).status).toBe(503);
    expect((await admin.request('POST', `/v2/repository/models/${name}/load`)).status).toBe(409);
  });

  it('follow links inside of the store', async () => {
    expect((await client.post('/models/alias/predict', { x: [1, 2] })).body.predictions).toEqual([{ sum: 3 }]);
  });

  it('keep files outside of the store from being reached by names and versions in requests', async () => {
    const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const names = (await client.get('/v2/models')).body.models as string[];
    const folder = basename(outside);
    const wrongNames = [
      ...['..', '.', '%2e%2e', '%00', 'iris%00', 'iris%2f1', 'iris%2f..%2firis', 'iris%2fmodel.json', '__proto__'],
      ...[`..%2f${folder}`, `%2e%2e%2f${folder}`, `..%5c${folder}`, `../${folder}`, `%252e%252e%252f${folder}`],
      ...[`iris%2f..%2f..%2f${folder}`, encodeURIComponent(outside), `file:%2f%2f${encodeURIComponent(outside)}`],
    ];
    const wrongVersions = [
      ...['..', '%2e%2e', '.', '%00', '1%00', '01', '1e0', '-1', '1%2f..%2f1', '__proto__'],
      ...[`..%2f..%2f${folder}%2f1`, encodeURIComponent(join(outside, '1'))],
    ];
    const requests = [
      ...wrongNames.flatMap((name) => [
        ['GET', `/models/${name}`],
        ['POST', `/models/${name}/predict`],
        ['PUT', `/models/${name}/default`],
        ['GET', `/v2/models/${name}`],
        ['GET', `/v2/models/${name}/config`],
        ['POST', `/v2/models/${name}/infer`],
        ['POST', `/v2/repository/models/${name}/load`],
        ['POST', `/v2/repository/models/${name}/unload`],
      ]),
      ...wrongVersions.flatMap((version) => [
        ['POST', `/models/sum/versions/${version}/predict`],
        ['GET', `/v2/models/sum/versions/${version}`],
        ['POST', `/v2/models/sum/versions/${version}/infer`],
      ]),
    ] as [string, string][];
    const body = JSON.stringify({ x: [1, 2] });
    for (const [method, path] of requests) {
      const headers = { cookie, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) };
      const answer = await sendVerbatim(app.url, { method, path, headers, body: method === 'GET' ? undefined : body });
      expect([400, 404, 405, 422]).toContain(answer.status);
      expect(answer.text).not.toContain('recipe');
    }
    for (const version of wrongVersions.map(decodeURIComponent)) {
      expect((await admin.put('/models/sum/default', { version })).status).toBe(422);
    }
    expect((await client.get('/v2/models')).body.models).toEqual(names);
    expect((await client.get('/health/ready')).status).toBe(200);
  });

  it.each([
    '/assets/..%2f..%2f..%2f..%2fpackage.json',
    '/assets/../../../../package.json',
    '/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/assets/..%5c..%5c..%5c..%5cpackage.json',
    '/assets//../home.controller.js',
    '/docs/assets/..%2fswagger-ui-dist%2fpackage.json',
    '/docs/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/docs/assets/..%2f..%2f..%2fpackage.json%00.css',
    '/docs/assets/../start.js',
  ])('keep files outside of the assets from being served: %s', async (path) => {
    const answer = await sendVerbatim(app.url, { path });
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it('refuse a file with another hash than the pinned one, even if an administrator loads it', async () => {
    const predict = async (): Promise<unknown> =>
      (await client.post('/models/pinned/predict', { x: [3, 2] })).body.predictions;
    expect(await predict()).toEqual([{ sum: 5 }]);
    await store.write('pinned/1/model.onnx', await readFile(join(MODELS, 'difference.onnx')));
    const { status, body } = await admin.request('POST', '/v2/repository/models/pinned/load');
    expect(status).toBe(409);
    expect(body.error).toMatch(/the file has sha256 [0-9a-f]{64}, but model.json expects/);
    expect(await predict()).toEqual([{ sum: 5 }]);
  });
});
