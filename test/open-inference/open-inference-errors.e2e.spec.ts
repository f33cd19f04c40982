import { gzipSync } from 'node:zlib';
import type { ClientResponse, Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { BYTES, expectError, FLOWER, INFER, inferBinary, JSON_LENGTH } from '../support/open-inference.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('Errors of the Open Inference Protocol', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    for (const model of ['sum', 'pick', 'spin']) await store.add(model, model);
    app = await startTestApp({ MODELS_DIR: store.path, PREDICT_LIMIT_MB: '1', PREDICT_MAX_ROWS: '100' });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const infer = (request: object, path = INFER): Promise<ClientResponse> => client.post(path, request);

  describe('400', () => {
    it.each([
      ['no inputs', {}, /"inputs" as an array/],
      ['a missing input', { inputs: [] }, /"input" is missing/],
      ['an unknown input', { inputs: [{ ...FLOWER, name: 'petal' }] }, /no input "petal"; it has "input"/],
      ['an input twice', { inputs: [FLOWER, FLOWER] }, /given twice/],
      ['another datatype', { inputs: [{ ...FLOWER, datatype: 'FP64' }] }, /must be float32/],
      ['an unknown datatype', { inputs: [{ ...FLOWER, datatype: 'fp32' }] }, /one of BOOL, UINT8/],
      ['another shape', { inputs: [{ ...FLOWER, shape: [2, 2] }] }, /the shape \[any, 4\]/],
      ['another rank', { inputs: [{ ...FLOWER, shape: [4] }] }, /the shape \[any, 4\]/],
      ['a shape of text', { inputs: [{ ...FLOWER, shape: ['1', '4'] }] }, /array of integers/],
      ['a shape below zero', { inputs: [{ ...FLOWER, shape: [-1, 4] }] }, /the shape/],
      ['too few values', { inputs: [{ ...FLOWER, data: [1, 2, 3] }] }, /3 values/],
      ['a text', { inputs: [{ ...FLOWER, data: [1, 2, 3, '4'] }] }, /at 3 .* must be a finite number/],
      ['null', { inputs: [{ ...FLOWER, data: [1, 2, 3, null] }] }, /finite number/],
      ['no data', { inputs: [{ ...FLOWER, data: undefined }] }, /either "data" or/],
      ['null for the inputs', { inputs: null }, /"inputs" as an array/],
      ['null for a name', { inputs: [{ ...FLOWER, name: null }] }, /must have a name/],
      ['null for a datatype', { inputs: [{ ...FLOWER, datatype: null }] }, /one of BOOL, UINT8/],
      ['null for a shape', { inputs: [{ ...FLOWER, shape: null }] }, /array of integers/],
      ['null for the data', { inputs: [{ ...FLOWER, data: null }] }, /either "data" or/],
      ['null for the name of an output', { inputs: [FLOWER], outputs: [{ name: null }] }, /it has "label"/],
      ['an id that is not text', { id: 7, inputs: [FLOWER] }, /"id" must be text/],
      ['parameters that are not an object', { parameters: [], inputs: [FLOWER] }, /must be a JSON object/],
      ['a timeout below zero', { parameters: { timeout: -1 }, inputs: [FLOWER] }, /"timeout"/],
      ['a sequence', { parameters: { sequence_id: 3 }, inputs: [FLOWER] }, /Sequences/],
      ['shared memory', { inputs: [{ ...FLOWER, parameters: { shared_memory_region: 'x' } }] }, /Shared memory/],
      ['an unknown output', { inputs: [FLOWER], outputs: [{ name: 'scent' }] }, /it has "label", "probabilities"/],
      ['an output twice', { inputs: [FLOWER], outputs: [{ name: 'label' }, { name: 'label' }] }, /requested twice/],
      [
        'both JSON and binary data',
        { inputs: [{ ...FLOWER, parameters: { binary_data_size: 0 } }] },
        /either "data" or/,
      ],
    ])('rejects %s', async (_, request, message) => {
      expectError(await infer(request), 400, message);
    });

    it.each(['', '{', '[]', 'null', '"text"', '{"inputs":[{"data":[NaN]}]}', '\xff'])(
      'rejects the body %j',
      async (body) => {
        expectError(await client.request('POST', INFER, { raw: Buffer.from(body, 'latin1') }), 400);
      },
    );

    it('rejects numbers that are not finite', async () => {
      const raw = JSON.stringify({ inputs: [FLOWER] }).replace('1.8', '1e400');
      expectError(await client.request('POST', INFER, { raw }), 400, /finite/);
      const binary = Buffer.from(Float32Array.of(1, 2, Infinity, 4).buffer);
      expectError(
        await client.request('POST', INFER, { raw: binary, headers: { [JSON_LENGTH]: '0' } }),
        400,
        /at 2 is not/,
      );
    });

    it.each(['-1', '1e1', 'x', '99999', '99999999999999999999', '1, 2'])(
      'rejects a header length of %s',
      async (length) => {
        const headers = { [JSON_LENGTH]: length };
        expectError(
          await client.request('POST', INFER, { raw: JSON.stringify({ inputs: [FLOWER] }), headers }),
          400,
          /Inference-Header/,
        );
      },
    );

    it.each([
      ['more bytes than follow', 17, BYTES],
      ['fewer bytes than follow', 12, BYTES],
      ['2^53 - 1 bytes', 9_007_199_254_740_991, BYTES],
      ['a length that does not match the shape', 8, BYTES.subarray(8)],
      ['zero', 0, Buffer.alloc(0)],
    ])('rejects a binary size of %s', async (_, size, binary) => {
      const request = { inputs: [{ ...FLOWER, data: undefined, parameters: { binary_data_size: size } }] };
      expectError(await inferBinary(client, request, binary), 400, /bytes/);
    });

    it('rejects a shape of a billion rows within 2 seconds', async () => {
      const started = performance.now();
      for (const rows of [1e9, 2 ** 31, 2 ** 53 - 1]) {
        const { status } = await infer({ inputs: [{ ...FLOWER, shape: [rows, 4] }] });
        expect([400, 413]).toContain(status);
      }
      expect(performance.now() - started).toBeLessThan(2_000);
    });

    it('rejects a body that is not compressed as declared', async () => {
      const headers = { 'content-encoding': 'gzip' };
      expectError(await client.request('POST', INFER, { raw: JSON.stringify({ inputs: [FLOWER] }), headers }), 400);
    });
  });

  it('responds with 413 to a body over its limit, also after decompression, and to too many rows', async () => {
    expectError(await client.request('POST', INFER, { raw: Buffer.alloc(1_100_000) }), 413);
    const headers = { 'content-encoding': 'gzip' };
    expectError(await client.request('POST', INFER, { raw: gzipSync(Buffer.alloc(5_000_000)), headers }), 413);
    const x = { name: 'x', shape: [101, 2], datatype: 'FP32', data: Array.from({ length: 202 }, () => 1) };
    expectError(await infer({ inputs: [x] }, '/v2/models/sum/infer'), 413, /at most 100 rows/);
  });

  it('responds with 415 to an unsupported content encoding', async () => {
    expectError(await client.request('POST', INFER, { raw: 'x', headers: { 'content-encoding': 'zstd' } }), 415);
  });

  it('responds with 400 to a row that the model cannot compute, without the message of its runtime', async () => {
    const index = { name: 'index', shape: [1], datatype: 'INT64', data: [7] };
    const response = await infer({ inputs: [index] }, '/v2/models/pick/infer');
    expectError(response, 400, /^The model cannot compute this row/);
  });

  it('ends a request after its timeout, and no other request', async () => {
    const turns = { name: 'turns', shape: [1], datatype: 'INT64', data: [150_000] };
    const withoutTimeout = infer({ inputs: [turns] }, '/v2/models/spin/infer');
    const timedOut = await infer({ parameters: { timeout: 50_000 }, inputs: [turns] }, '/v2/models/spin/infer');
    expectError(timedOut, 504);
    expect((await withoutTimeout).status).toBe(200);
  });
});
