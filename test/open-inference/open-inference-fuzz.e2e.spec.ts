import { Agent, request as send } from 'node:http';
import { TestModelStore } from '../support/model-store.js';
import { mutate, type WireRequest } from '../support/mutations.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { processes, residentKilobytes } from '../support/processes.js';

const REQUESTS = 5_000;
const CONCURRENCY = 8;
/** Freed memory returns to the system late; leaked memory remains after every round. */
const ROUNDS = 3;

describe('Mutated inference requests', () => {
  let store: TestModelStore;
  let app: ProcessApp;
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });

  beforeAll(async () => {
    store = await TestModelStore.create();
    for (const model of ['kinds', 'datatypes']) await store.add(model, model);
    app = await ProcessApp.start({ MODELS_DIR: store.path, PREDICT_LIMIT_MB: '2' });
  });

  afterAll(async () => {
    agent.destroy();
    await killLeftovers();
    await store.remove();
  });

  it('get 200 or 4xx, from the same processes, with at most 10 % more memory', async () => {
    const pids = await processes(app);
    await sendAll(mutate(SEEDS, REQUESTS, 1));
    const before = await residentKilobytes(app.pid);
    const growth: number[] = [];
    const statuses = new Map<number, number>();
    for (let round = 0; round < ROUNDS && growth.every((factor) => factor > 1.1); round += 1) {
      for (const status of await sendAll(mutate(SEEDS, REQUESTS, 2 + round))) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      growth.push((await residentKilobytes(app.pid)) / before);
    }
    expect([...statuses.keys()].filter((status) => status >= 500 || (status >= 300 && status < 400))).toEqual([]);
    // The mutations reach several kinds of error, and some requests succeed.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 413, 415]));
    expect(Math.min(...growth)).toBeLessThanOrEqual(1.1);
    expect(await processes(app)).toEqual(pids);
    expect(app.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }, 300_000);

  async function sendAll(requests: Iterator<WireRequest>): Promise<number[]> {
    const statuses: number[] = [];
    const worker = async (): Promise<void> => {
      for (let next = requests.next(); !next.done; next = requests.next()) statuses.push(await sendOne(next.value));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return statuses;
  }

  function sendOne({ path, headers, body }: WireRequest): Promise<number> {
    return new Promise((resolve, reject) => {
      const length = { 'content-length': body.length };
      const request = send(app.url + path, { method: 'POST', headers: { ...headers, ...length }, agent });
      request.on('error', reject);
      request.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      request.end(body);
    });
  }
});

const IRIS = { name: 'input', shape: [2, 4], datatype: 'FP32' };
const KINDS = [
  { name: 'number', shape: [1], datatype: 'FP32', data: [1.5] },
  { name: 'count', shape: [1, 1], datatype: 'INT64', data: [[9007199254740991]] },
  { name: 'word', shape: [1, 1], datatype: 'BYTES', data: ['caffè'] },
  { name: 'flag', shape: [1], datatype: 'BOOL', data: [true] },
  { name: 'grid', shape: [1, 2, 3], datatype: 'FP32', data: [[1, 2, 3, 4, 5, 6]].flat() },
];
/** Valid requests to mutate. */
const SEEDS: readonly WireRequest[] = [
  seed('iris', { id: 'a', inputs: [{ ...IRIS, data: [5.9, 3, 5.1, 1.8, 5.1, 3.5, 1.4, 0.2] }] }),
  seed('iris', { inputs: [{ ...IRIS, parameters: { binary_data_size: 32 } }] }, Buffer.alloc(32)),
  seed('iris', { inputs: [{ ...IRIS, data: [] }], outputs: [{ name: 'label', parameters: { binary_data: true } }] }),
  seed('kinds', { inputs: KINDS, outputs: [{ name: 'word_out' }, { name: 'count_out' }] }),
  seed(
    'kinds',
    {
      parameters: { binary_data_output: true },
      inputs: KINDS.map(({ data, ...input }) =>
        input.name === 'word' ? { ...input, parameters: { binary_data_size: 9 } } : { ...input, data },
      ),
    },
    Buffer.from('\x05\0\0\0latte', 'latin1'),
  ),
  { path: '/v2/models/iris/infer', headers: { 'inference-header-content-length': '0' }, body: Buffer.alloc(16) },
];

function seed(model: string, json: object, binary?: Buffer): WireRequest {
  const text = Buffer.from(JSON.stringify(json));
  const path = `/v2/models/${model}/infer`;
  if (!binary) return { path, headers: {}, body: text };
  const headers = { 'inference-header-content-length': String(text.length) };
  return { path, headers, body: Buffer.concat([text, binary]) };
}
