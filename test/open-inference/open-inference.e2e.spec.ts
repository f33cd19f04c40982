import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import type { ClientResponse, Client } from '../support/client.js';
import { promote } from '../support/menus.js';
import { TestModelStore } from '../support/model-store.js';
import { BYTES, expectError, FLOWER, INFER, inferBinary, JSON_LENGTH } from '../support/open-inference.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('Open Inference Protocol', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let admin: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.addTwoVersions('sum');
    await store.add('kinds', 'kinds');
    await store.add('pick', 'pick');
    await store.add('lazy', 'sum', { manifest: { load: 'first-use' } });
    await store.add('club', 'sum', { manifest: { access: 'member' } });
    await store.add('secret', 'sum', { manifest: { access: 'admin' } });
    await store.write('rubbish/1/model.onnx', 'this is not a model');
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    admin = app.client();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const infer = (request: object, path = INFER): Promise<ClientResponse> => client.post(path, request);

  describe('metadata', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

    it.each([
      ['/v2', { name: 'barista', version, extensions: expect.arrayContaining(['binary_tensor_data', 'statistics']) }],
      ['/v2/health/live', { live: true }],
      ['/v2/health/ready', { ready: true }],
      ['/v2/models', { models: expect.arrayContaining(['iris', 'kinds', 'sum', 'rubbish']) }],
      ['/v2/models/iris/ready', { name: 'iris', ready: true }],
      ['/v2/models/sum/versions/1/ready', { name: 'sum', ready: true }],
      ['/v2/models/sum', expect.objectContaining({ name: 'sum', versions: ['1', '2'], platform: 'onnx_onnxv1' })],
      ['/v2/models/iris/config', expect.objectContaining({ max_batch_size: 256, backend: 'onnxruntime' })],
      ['/v2/models/sum/versions/2/config', expect.objectContaining({ name: 'sum' })],
      ['/v2/models/stats', { model_stats: expect.arrayContaining([expect.objectContaining({ name: 'iris' })]) }],
      [
        '/v2/models/sum/stats',
        { model_stats: [{ version: '2' }, { version: '1' }].map((one) => expect.objectContaining(one)) },
      ],
      ['/v2/models/sum/versions/1/stats', { model_stats: [expect.objectContaining({ name: 'sum', version: '1' })] }],
    ])('is served at GET %s', async (path, body) => {
      const response = await client.get(`${path}?campaign=1`);
      expect(response).toMatchObject({ status: 200, body });
      expect(response.headers.get('content-type')).toBe('application/json');
    });

    it('describes the tensors of a model', async () => {
      const { body } = await client.get('/v2/models/kinds');
      expect(body.inputs).toEqual([
        { name: 'number', datatype: 'FP32', shape: [-1] },
        { name: 'count', datatype: 'INT64', shape: [-1, 1] },
        { name: 'word', datatype: 'BYTES', shape: [-1, 1] },
        { name: 'flag', datatype: 'BOOL', shape: [-1] },
        { name: 'grid', datatype: 'FP32', shape: [-1, 2, 3] },
      ]);
    });

    it.each(['rose', 'iris/versions/7', 'iris/versions/x'])('is 404 for the unknown %s', async (model) => {
      for (const part of ['', '/ready', '/config', '/stats']) {
        expectError(await client.get(`/v2/models/${model}${part}`), 404, /model/);
      }
      expectError(await infer({ inputs: [FLOWER] }, `/v2/models/${model}/infer`), 404, /model/);
    });

    it('is 503 for a failed model', async () => {
      expect(await client.get('/v2/models/rubbish/ready')).toMatchObject({ status: 503, body: { ready: false } });
      for (const path of ['/v2/models/rubbish', '/v2/models/rubbish/config']) expectError(await client.get(path), 503);
      const response = await infer({ inputs: [] }, '/v2/models/rubbish/infer');
      expectError(response, 503, /not ready: failed/);
      expect(response.headers.get('retry-after')).toBe('1');
    });

    it('uses the error format of the protocol for 404 and 405, too', async () => {
      expectError(await client.get('/v2/nothing'), 404);
      const response = await client.get(INFER);
      expectError(response, 405);
      expect(response.headers.get('allow')).toContain('POST');
      expectError(await client.get('/v2/models/%E0%A4%A'), 400);
      expect((await client.get('/v20')).headers.get('content-type')).toBe('application/problem+json');
    });
  });

  describe('POST /v2/models/{model}/infer', () => {
    it('accepts JSON, and returns the id, the model and its version', async () => {
      const { status, body, headers } = await infer({ id: 'r-1', nonsense: {}, inputs: [FLOWER] });
      expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'application/json' });
      expect(body).toEqual({
        id: 'r-1',
        model_name: 'iris',
        model_version: '1',
        outputs: [
          { name: 'label', datatype: 'INT64', shape: [1], data: [2] },
          { name: 'probabilities', datatype: 'FP32', shape: [1, 3], data: expect.any(Array) },
        ],
      });
    });

    it('runs the version in the path', async () => {
      const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [[5, 3]] };
      const responses = await Promise.all(
        ['', '/versions/1', '/versions/2'].map((part) => infer({ inputs: [x] }, `/v2/models/sum${part}/infer`)),
      );
      expect(responses.map(({ body }) => [body.model_version, body.outputs[0].data[0]])).toEqual([
        ['2', 2],
        ['1', 8],
        ['2', 2],
      ]);
    });

    it('loads a model on its first request', async () => {
      expect((await client.get('/v2/models/lazy/ready')).status).toBe(503);
      const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [5, 3] };
      expect((await infer({ inputs: [x] }, '/v2/models/lazy/infer')).body.outputs[0].data).toEqual([8]);
      expect((await client.get('/v2/models/lazy/ready')).status).toBe(200);
    });

    it.each([undefined, 'text/plain', 'application/json; charset=utf-16', 'nonsense'])(
      'accepts any media type: %s',
      async (type) => {
        const raw = Buffer.from(JSON.stringify({ inputs: [FLOWER] }));
        const headers: Record<string, string> = type ? { 'content-type': type } : {};
        expect(await client.request('POST', INFER, { raw, headers })).toMatchObject({ status: 200 });
      },
    );

    it('accepts binary data, and returns requested outputs as binary data', async () => {
      const outputs = [{ name: 'probabilities', parameters: { binary_data: false } }, { name: 'label' }];
      const request = {
        parameters: { binary_data_output: true },
        inputs: [{ ...FLOWER, data: undefined, parameters: { binary_data_size: 16 } }],
        outputs,
      };
      const { headers, text, status } = await inferBinary(client, request, BYTES);
      expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'application/octet-stream' });
      const length = Number(headers.get(JSON_LENGTH));
      expect(JSON.parse(text.slice(0, length)).outputs).toEqual([
        { name: 'probabilities', datatype: 'FP32', shape: [1, 3], data: expect.any(Array) },
        { name: 'label', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } },
      ]);
      expect(text.slice(length)).toBe('\x02\0\0\0\0\0\0\0');
    });

    it.each([1, 400])('returns binary data of %i rows after JSON that is not ASCII', async (rows) => {
      const data = Array.from({ length: rows }, () => FLOWER.data).flat();
      const request = { id: 'caffè', inputs: [{ ...FLOWER, shape: [rows, 4], data }] };
      const { outputs } = (await infer(request)).body as { outputs: { name: string; data: number[] }[] };
      const probabilities = outputs.find(({ name }) => name === 'probabilities')!.data;
      const output = { name: 'probabilities', parameters: { binary_data: true } };
      const response = await fetch(client.url + INFER, {
        method: 'POST',
        headers: { 'accept-encoding': 'identity' },
        body: JSON.stringify({ ...request, outputs: [output] }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const length = Number(response.headers.get(JSON_LENGTH));
      expect(JSON.parse(bytes.toString('utf8', 0, length))).toMatchObject({ id: 'caffè', model_name: 'iris' });
      expect(bytes).toHaveLength(length + probabilities.length * 4);
      const values = probabilities.map((_, index) => bytes.readFloatLE(length + 4 * index));
      expect(values).toEqual(probabilities.map(Math.fround));
    });

    it('accepts a raw request', async () => {
      const { status, headers, text } = await client.request('POST', INFER, {
        raw: BYTES,
        headers: { [JSON_LENGTH]: '0' },
      });
      expect(status).toBe(200);
      expect(JSON.parse(text.slice(0, Number(headers.get(JSON_LENGTH)))).outputs).toHaveLength(2);
    });

    it.each([
      ['id', { id: null, inputs: [FLOWER] }],
      ['parameters', { parameters: null, inputs: [FLOWER] }],
      ['a parameter', { parameters: { timeout: null, sequence_id: null }, inputs: [FLOWER] }],
      ['parameters of an input', { inputs: [{ ...FLOWER, parameters: null }] }],
      ['a parameter of an input', { inputs: [{ ...FLOWER, parameters: { shared_memory_region: null } }] }],
      ['outputs', { outputs: null, inputs: [FLOWER] }],
      ['parameters of an output', { outputs: [{ name: 'label', parameters: null }], inputs: [FLOWER] }],
    ])('takes null for %s as if it were absent', async (_, request) => {
      const { status, body } = await client.post(INFER, request);
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('id');
      expect(body.outputs[0]).toMatchObject({ name: 'label', data: [2] });
    });

    it('takes null for the data of a binary tensor as if it were absent', async () => {
      const input = { ...FLOWER, data: null, parameters: { binary_data_size: BYTES.length } };
      const json = Buffer.from(JSON.stringify({ id: null, inputs: [input] }));
      const headers = { [JSON_LENGTH]: String(json.length) };
      for (const raw of Array<Buffer>(2).fill(Buffer.concat([json, BYTES]))) {
        expect(await client.request('POST', INFER, { raw, headers })).toMatchObject({ status: 200 });
      }
    });

    it('accepts x-gzip, which is gzip by an older name, in any case of its letters', async () => {
      const raw = gzipSync(JSON.stringify({ inputs: [FLOWER] }));
      for (const encoding of ['x-gzip', 'X-GZip', 'GZIP']) {
        const response = await client.request('POST', INFER, { raw, headers: { 'content-encoding': encoding } });
        expect(response).toMatchObject({ status: 200, body: { model_name: 'iris' } });
      }
    });

    it.each([
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ])('accepts %s, and compresses the response with it on request', async (encoding, compress) => {
      const raw = compress(JSON.stringify({ inputs: [FLOWER] }));
      const headers = { 'content-encoding': encoding, 'accept-encoding': encoding };
      const response = await client.request('POST', INFER, { raw, headers });
      expect(response).toMatchObject({ status: 200, body: { model_name: 'iris' } });
      expect(response.headers.get('content-encoding')).toBe(encoding);
    });

    it('preserves 64-bit integers in both directions', async () => {
      const digits = ['9007199254740993', '-9223372036854775808'];
      const inputs = `[{"name":"number","shape":[2],"datatype":"FP32","data":[1,2]},{"name":"count","shape":[2,1],"datatype":"INT64","data":[${digits.join()}]},
        {"name":"word","shape":[2,1],"datatype":"BYTES","data":["a","b"]},{"name":"flag","shape":[2],"datatype":"BOOL","data":[true,false]},
        {"name":"grid","shape":[2,2,3],"datatype":"FP32","data":[1,2,3,4,5,6,7,8,9,10,11,12]}]`;
      const raw = `{"inputs":${inputs},"outputs":[{"name":"count_out"}]}`;
      expect((await client.request('POST', '/v2/models/kinds/infer', { raw })).text).toContain(
        `"data":[${digits.join()}]`,
      );
    });

    it('accepts more rows than one batch', async () => {
      const x = {
        name: 'x',
        shape: [100, 2],
        datatype: 'FP32',
        data: Array.from({ length: 200 }, (_, index) => index),
      };
      const { body } = await infer({ inputs: [x] }, '/v2/models/sum/versions/1/infer');
      expect(body.outputs[0].data).toEqual(Array.from({ length: 100 }, (_, row) => 4 * row + 1));
    });
  });

  describe('access', () => {
    const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };

    it('is checked against the manifest before the body is read', async () => {
      const member = app.client();
      await member.signUpAndLogIn();
      expectError(await client.request('POST', '/v2/models/club/infer', { raw: '{' }), 401);
      expectError(await member.post('/v2/models/secret/versions/1/infer', {}), 403);
      expect((await member.post('/v2/models/club/infer', { inputs: [x] })).status).toBe(200);
      expect((await admin.post('/v2/models/secret/infer', { inputs: [x] })).status).toBe(200);
    });

    it('to the repository requires an administrator', async () => {
      const member = app.client();
      await member.signUpAndLogIn();
      for (const path of ['index', 'models/pick/load', 'models/pick/unload']) {
        expectError(await client.request('POST', `/v2/repository/${path}`), 401);
        expectError(await member.request('POST', `/v2/repository/${path}`), 403);
      }
    });

    it('lets an administrator list, unload and load models', async () => {
      const { body } = await admin.request('POST', '/v2/repository/index');
      expect(body).toEqual(
        expect.arrayContaining([
          { name: 'iris', version: '1', state: 'READY', reason: '' },
          { name: 'rubbish', version: '1', state: 'UNAVAILABLE', reason: expect.stringContaining('not an ONNX model') },
        ]),
      );
      const { body: ready } = await admin.post('/v2/repository/index', { ready: true });
      expect(new Set(ready.map(({ state }: { state: string }) => state))).toEqual(new Set(['READY']));
      expect(
        (await admin.post('/v2/repository/models/pick/unload', { parameters: { unload_dependents: false } })).status,
      ).toBe(200);
      expect((await client.get('/v2/models/pick/ready')).status).toBe(503);
      expect((await admin.request('POST', '/v2/repository/models/pick/load')).status).toBe(200);
      expect((await client.get('/v2/models/pick/ready')).status).toBe(200);
    });

    it.each([
      ['rose/load', 404, {}],
      ['rose/unload', 404, {}],
      ['rubbish/load', 409, {}],
      ['iris/load', 400, { parameters: { 'file:1/model.onnx': 'AAAA' } }],
      ['iris/load', 400, []],
      ['..%2Firis/load', 404, {}],
    ])('responds to an invalid %s with %i', async (path, status, json) => {
      expectError(await admin.post(`/v2/repository/models/${path}`, json), status);
    });
  });
});
