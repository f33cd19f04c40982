import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TestModelStore } from '../../support/model-store.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { until } from '../../support/until.js';

const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
/** Iterations of the loop in `spin.onnx` that take about a second. */
const A_WHILE = 150_000;

describe('the application with models, from start to stop', () => {
  let store: TestModelStore;

  beforeEach(async () => {
    store = await TestModelStore.create();
  });

  afterEach(async () => {
    await killLeftovers();
    await store.remove();
  });

  function start(variables: Record<string, string> = {}): Promise<ProcessApp> {
    return ProcessApp.start({ MODELS_DIR: store.path, ...variables });
  }

  async function failToStart(variables: Record<string, string> = {}): Promise<string> {
    const app = await ProcessApp.spawn({ MODELS_DIR: store.path, ...variables });
    const { code, stderr } = await app.ended;
    expect(code).toBe(1);
    return stderr;
  }

  it('fails to start with a message when the file of the default model has another hash', async () => {
    const file = join(store.path, 'iris/1/model.onnx');
    const bytes = await readFile(file);
    bytes[1000]! ^= 1;
    await store.write('iris/1/model.onnx', bytes);
    expect(await failToStart()).toMatch(
      /The default model "iris" cannot be served: iris\/1\/model.onnx: the file has sha256 [0-9a-f]{64}, but model.json expects/,
    );
  });

  it('fails to start with a message when the manifest of the default model is invalid', async () => {
    await store.write('iris/model.json', '{"acess":"public"}');
    expect(await failToStart()).toMatch(
      /The default model "iris" cannot be served: model.json: it has an unknown key "acess"/,
    );
  });

  it('fails to start when the default model gives another prediction for its example', async () => {
    const manifest = JSON.parse(await readFile(join(store.path, 'iris/model.json'), 'utf8')) as {
      example: { label: string };
    };
    manifest.example.label = 'setosa';
    await store.write('iris/model.json', JSON.stringify(manifest));
    expect(await failToStart()).toMatch(/it answers its own example with "virginica" instead of "setosa"/);
  });

  it('fails to start when the default model does not exist, and names the existing models', async () => {
    expect(await failToStart({ DEFAULT_MODEL: 'rose' })).toMatch(
      /DEFAULT_MODEL: expected a model in .*, got "rose" \(found: iris\)/,
    );
  });

  it('opens the port while models load, and reports the loading ones as not ready', async () => {
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: A_WHILE } } } });
    const app = await ProcessApp.spawn({ MODELS_DIR: store.path });
    await app.line('listening');
    const early = await app.client().get('/health/ready');
    expect(early).toMatchObject({
      status: 503,
      body: { status: 'error', details: { models: { spin: 'loading' }, database: 'up' } },
    });
    expect((await app.client().get('/health/live')).status).toBe(200);
    expect((await app.client().post('/models/spin/predict', { turns: 1 })).status).toBe(503);
    await app.line('ready');
    expect((await app.client().get('/health/ready')).body).toEqual({
      status: 'ok',
      details: { models: { iris: 'ready', spin: 'ready' }, database: 'up' },
    });
    expect((await app.stop('SIGTERM')).code).toBe(0);
  });

  it('finishes the current prediction on SIGTERM, and leaves no process behind', async () => {
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
    const app = await start();
    const runtimes = await childrenOf(app.pid);
    expect(runtimes).toHaveLength(2);
    const before = await cpuTimeOf(runtimes);
    const running = app.client().post('/models/spin/predict', { turns: A_WHILE });
    await until('the prediction is running', async () => (await cpuTimeOf(runtimes)) > before + 0.1);
    const ended = await app.stop('SIGTERM');
    const response = await running;
    expect(response.status).toBe(200);
    expect(ended.code).toBe(0);
    expect(ended.lines).toContainEqual(
      expect.objectContaining({ msg: 'request', path: '/models/spin/predict', status: 200 }),
    );
    expect(runtimes.filter(isAlive)).toEqual([]);
  });

  it('ends the runtimes when the web process is killed', async () => {
    const app = await start();
    const runtimes = await childrenOf(app.pid);
    expect(runtimes).toHaveLength(1);
    await app.stop('SIGKILL');
    await until('the runtime has ended', () => runtimes.filter(isAlive).length === 0);
  });

  describe('whose default model is being copied', () => {
    const WAITING = 'the folder of iris may still be being copied: waiting';

    async function startWithout(file: string, rest: string | Uint8Array | undefined): Promise<ProcessApp> {
      const path = join(store.path, 'iris', file);
      const whole = await readFile(path);
      await rm(path);
      if (rest !== undefined) await store.write(join('iris', file), rest);
      const app = await ProcessApp.spawn({ MODELS_DIR: store.path });
      await app.line(WAITING);
      await store.write(join('iris', file), whole);
      await app.line('ready');
      return app;
    }

    it.each([
      ['model.json', 'is not there yet', undefined],
      ['model.json', 'is empty', ''],
      ['model.json', 'has no end', '{"features": ['],
      ['1/model.onnx', 'is not there yet', undefined],
      ['1/model.onnx', 'has no end', Buffer.from([8, 8])],
    ])('waits where its %s %s', async (file, _, rest) => {
      const app = await startWithout(file, rest);
      expect((await app.client().post('/predict', ROW)).body).toEqual({ result: [2] });
    });
  });

  it('names once what is passed over beside a version', async () => {
    await store.write('iris/v2/model.onnx', '');
    await store.write('iris/01/model.onnx', '');
    await store.write('iris/notebooks/iris.ipynb', '');
    const app = await start();
    const line = 'model iris: 01, v2 is passed over: a version is a whole number from 1 to 9007199254740991';
    await store.write('iris/1/notes.txt', 'seen by the next polls');
    await until('it is loaded again', () => app.lines.filter(({ msg }) => msg === 'model iris is ready').length > 1);
    const warnings = app.lines.filter(({ msg }) => msg.includes('passed over'));
    expect(warnings).toMatchObject([{ level: 'warn', model: 'iris', msg: expect.stringContaining(line) }]);
  });

  it('keeps secrets of the web process out of the environment of a runtime', async () => {
    const app = await start({ METRICS_TOKEN: 'a-token-nobody-else-needs' });
    const [runtime] = await childrenOf(app.pid);
    const environment = await readFile(`/proc/${runtime}/environ`, 'utf8');
    expect(environment).toContain('ORT_DISABLE_TELEMETRY=1');
    expect(environment).not.toContain('a-token-nobody-else-needs');
    expect((await app.client().post('/predict', ROW)).body).toEqual({ result: [2] });
  });
});

/** Process ids of the children of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** The greatest CPU time of these processes, in seconds. */
async function cpuTimeOf(pids: readonly number[]): Promise<number> {
  const times = pids.map(async (pid) => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  });
  return Math.max(...(await Promise.all(times)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
