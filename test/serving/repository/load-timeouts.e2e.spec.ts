import { Client } from '../../support/client.js';
import { TestModelStore } from '../../support/model-store.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 120_000;
/** Long enough for a sound model on a busy machine. */
const LOAD_TIMEOUT_MS = '6000';
/** A model whose example takes this many turns never ends. */
const ENDLESS = 1_000_000_000_000;

const exampleOf = (turns: number): object => ({ example: { input: { turns } } });

describe('loads that take long', () => {
  let store: TestModelStore;

  beforeEach(async () => {
    store = await TestModelStore.create();
  });

  afterEach(async () => {
    await killLeftovers();
    await store.remove();
  });

  async function modelOf(client: Client, name: string): Promise<{ state: string; reason: string | null }> {
    return (await client.get(`/models/${name}`)).body as { state: string; reason: string | null };
  }

  const untilState = (client: Client, name: string, state: string): Promise<void> =>
    until(`${name} is ${state}`, async () => (await modelOf(client, name)).state === state, TIMEOUT_MS);

  it(
    'have their own limit: the deadline of a request does not apply to the self-test',
    async () => {
      await store.add('spin', 'spin', { manifest: exampleOf(100_000) });
      const app = await ProcessApp.start({ MODELS_DIR: store.path, DEADLINE_MS: '1' });
      expect(await modelOf(app.client(), 'spin')).toMatchObject({ state: 'ready' });
      const late = await app.client().post('/models/spin/predict', { turns: ENDLESS });
      expect(late).toMatchObject({ status: 504, body: { code: 'model.deadline' } });
    },
    TIMEOUT_MS,
  );

  it(
    'are tried again when they ran out of time, also that of the default model at start',
    async () => {
      await store.add('spin', 'spin', { manifest: exampleOf(ENDLESS) });
      const app = await ProcessApp.spawn({ MODELS_DIR: store.path, DEFAULT_MODEL: 'spin', LOAD_TIMEOUT_MS });
      await app.line('listening');
      await app.line('model spin is loaded again in 1000 ms');
      await untilState(app.client(), 'iris', 'ready');
      const { state, reason } = await modelOf(app.client(), 'spin');
      expect(state).toBe('loading');
      expect(reason).toContain('LOAD_TIMEOUT_MS (6000 ms)');
      expect((await app.client().get('/health/ready')).status).toBe(503);
      await app.line('model spin is loaded again in 2000 ms');

      await store.write('spin/model.json', JSON.stringify(exampleOf(3)));
      await app.line('ready');
      expect((await app.client().post('/predict', { turns: 1 })).status).toBe(200);
      expect(await modelOf(app.client(), 'spin')).toMatchObject({ state: 'ready', reason: null });
    },
    TIMEOUT_MS,
  );

  it(
    'end the start where the default model fails for another reason, also after it ran out of time',
    async () => {
      await store.add('spin', 'spin', { manifest: exampleOf(ENDLESS) });
      const app = await ProcessApp.spawn({ MODELS_DIR: store.path, DEFAULT_MODEL: 'spin', LOAD_TIMEOUT_MS });
      await app.line('model spin is loaded again in 1000 ms');
      await store.write('spin/1/model.onnx', 'no model');
      const { code, lines } = await app.ended;
      expect(code).toBe(1);
      expect(JSON.stringify(lines)).toContain('The default model \\"spin\\" cannot be served');
    },
    TIMEOUT_MS,
  );

  it(
    'leave the previous files in service, and replace them in the end',
    async () => {
      await store.add('spin', 'spin', { manifest: exampleOf(3) });
      const app = await ProcessApp.start({ MODELS_DIR: store.path, LOAD_TIMEOUT_MS });
      await store.write('spin/model.json', JSON.stringify(exampleOf(ENDLESS)));
      await app.line('model spin is loaded again in 1000 ms');
      const { state, reason } = await modelOf(app.client(), 'spin');
      expect(state).toBe('ready');
      expect(reason).toContain('the previous ones are served');
      expect((await app.client().post('/models/spin/predict', { turns: 1 })).status).toBe(200);

      await store.write('spin/model.json', JSON.stringify(exampleOf(4)));
      await until('the new files serve', async () => (await modelOf(app.client(), 'spin')).reason === null, TIMEOUT_MS);
      expect((await app.client().get('/models/spin')).body.example).toEqual({ input: { turns: 4 } });
    },
    TIMEOUT_MS,
  );

  it(
    'do not hold up a model that a request or an administrator waits for',
    async () => {
      for (const number of [1, 2, 3, 4]) await store.add(`endless${number}`, 'spin', { manifest: exampleOf(ENDLESS) });
      await store.add('wanted', 'sum', { manifest: { load: 'first-use' } });
      const app = await ProcessApp.spawn({ MODELS_DIR: store.path, DEADLINE_MS: '60000' });
      await app.line('listening');
      await untilState(app.client(), 'iris', 'ready');
      expect((await app.client().post('/models/wanted/predict', { x: [1, 2] })).status).toBe(200);
      expect((await modelOf(app.client(), 'endless4')).state).toBe('loading');
    },
    TIMEOUT_MS,
  );
});
