// The peers of `predict`, each with several settings. A run tries all of them first and measures the fastest. Every peer has one thread for
// the model, no access log, and the validation that the documentation of its framework shows.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProgram } from './processes.mjs';
import { fastApi, litServe, startOnFreePort } from './python-servers.mjs';
import { IRIS, ROOT, startPeer } from './servers.mjs';
import { axumProgram, cargoVersions, nestProgram, nodeVersions, pythonEnvironment, pythonVersions } from './tools.mjs';

const PEERS = join(ROOT, 'bench/peers');
const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
const CLASS = 2;

/** The request of Barista, and of every peer whose protocol needs no other body. */
export const REQUEST = post('/predict', ROW);
export const isRight = (answer) => JSON.parse(answer).result?.[0] === CLASS;

function post(path, content) {
  return { path, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(content) };
}

/**
 * A peer has `goal`, the minimum ratio of Barista's rate to its rate; `on`, a description of its work per request; `settings` by name, each with
 * `start` and optionally `request` and `isRight`; and `prepare`, which installs the peer or throws the reason why it cannot.
 */
export const PEERS_OF_PREDICT = [
  {
    id: 'bare-node',
    name: 'node:http, onnxruntime-node',
    goal: 1,
    on: 'nothing but JSON.parse and a run in this process: no check of the body, no routes',
    versions: () => [`Node ${process.version}`, ...nodeVersions('onnxruntime-node')],
    prepare: () => undefined,
    settings: { 'one process': { start: () => startPeer('node:http', 'bare-node.mjs', IRIS, 'input', 'label') } },
  },
  {
    id: 'axum',
    name: 'Rust axum, ort',
    goal: 0.4,
    on: 'typed JSON, a run in this process on the same libonnxruntime as Node; LTO, one codegen unit',
    versions: () => [...cargoVersions('axum', 'tokio', 'ort'), ...nodeVersions('onnxruntime-node')],
    prepare: axumProgram,
    settings: {
      'one session behind a mutex': { start: (axum) => startAxum(axum, 1) },
      'a pool of 2 sessions': { start: (axum) => startAxum(axum, 2) },
      'a pool of 8 sessions': { start: (axum) => startAxum(axum, 8) },
    },
  },
  {
    id: 'nest',
    name: 'NestJS on Express, onnxruntime-node',
    goal: 5,
    on: 'a DTO with class-validator, a global ValidationPipe (transform, whitelist), a run in this process',
    versions: () => nodeVersions('@nestjs/core', 'express', 'class-validator', 'onnxruntime-node'),
    prepare: nestProgram,
    settings: { 'as usually written': { start: (main) => startProgram('NestJS', process.execPath, [main, IRIS]) } },
  },
  {
    id: 'fastapi',
    name: 'FastAPI, onnxruntime',
    goal: 4,
    on: 'pydantic for body and answer, a run in this process; uvicorn with uvloop and httptools',
    versions: () => pythonVersions('fastapi', 'fastapi', 'uvicorn', 'pydantic', 'onnxruntime'),
    prepare: () => pythonEnvironment('fastapi'),
    settings: {
      'async def': fastApiAt('/async/predict', 1),
      def: fastApiAt('/threads/predict', 1),
      'async def, 2 workers': fastApiAt('/async/predict', 2),
      'def, 2 workers': fastApiAt('/threads/predict', 2),
    },
  },
  {
    id: 'mlserver',
    name: 'MLServer, onnxruntime',
    goal: 10,
    on: 'a runtime of its own around onnxruntime; the body is that of the Open Inference Protocol, as MLServer asks for',
    versions: () => pythonVersions('mlserver', 'mlserver', 'fastapi', 'onnxruntime'),
    prepare: () => pythonEnvironment('mlserver'),
    settings: {
      'in the server process': mlServer({ workers: 0 }),
      'in one worker process (the default)': mlServer({ workers: 1 }),
      'in the server process, adaptive batching': mlServer({ workers: 0, batch: 32, wait: 0.002 }),
    },
  },
  {
    id: 'litserve',
    name: 'LitServe, onnxruntime',
    goal: 10,
    on: 'decode, predict and encode; the run in a worker process, as LitServe has it',
    versions: () => pythonVersions('litserve', 'litserve', 'fastapi', 'onnxruntime'),
    prepare: () => pythonEnvironment('litserve'),
    settings: {
      'one worker': litServeWith({}),
      'one worker, fast_queue': litServeWith({ server: { fast_queue: true } }),
      '2 workers, 2 API servers': litServeWith({ server: { workers_per_device: 2 }, run: { num_api_servers: 2 } }),
      'batches of up to 32': litServeWith({ api: { max_batch_size: 32, batch_timeout: 0.002 } }),
    },
  },
  {
    id: 'bentoml',
    name: 'BentoML, onnxruntime',
    goal: 30,
    on: 'pydantic for body and answer, a run in the worker process; metrics as by default',
    versions: () => pythonVersions('bentoml', 'bentoml', 'pydantic', 'onnxruntime'),
    prepare: () => pythonEnvironment('bentoml'),
    settings: {
      'async def': bentoMl('AsyncIris', 1),
      def: bentoMl('ThreadsIris', 1),
      'async def, 2 workers': bentoMl('AsyncIris', 2),
      'batchable, in a list of rows': bentoMl('BatchesIris', 1, {
        request: post('/predict', { rows: [ROW] }),
        isRight: (answer) => JSON.parse(answer)[0] === CLASS,
      }),
    },
  },
  {
    id: 'flask',
    name: 'Flask, scikit-learn',
    goal: 250,
    on: 'request.get_json, and predict of a forest of 300 trees that is trained at start; gunicorn, 2 workers',
    versions: () => pythonVersions('flask', 'flask', 'gunicorn', 'scikit-learn'),
    prepare: () => pythonEnvironment('flask'),
    settings: {
      'sync workers': flask([]),
      'gthread workers, 4 threads each': flask(['--worker-class', 'gthread', '--threads', '4']),
    },
  },
];

function startAxum({ program, library }, sessions) {
  return startProgram('axum', program, [IRIS, String(sessions)], { variables: { ORT_DYLIB_PATH: library } });
}

function fastApiAt(path, workers) {
  return fastApi({ app: 'app:app', model: IRIS, request: post(path, ROW), workers });
}

function mlServer({ workers, batch = 0, wait = 0 }) {
  const input = { name: 'input', shape: [1, 4], datatype: 'FP32', data: Object.values(ROW) };
  const request = post('/v2/models/iris/infer', { inputs: [input] });
  const model = {
    name: 'iris',
    implementation: 'iris.Iris',
    max_batch_size: batch,
    max_batch_time: wait,
    parameters: { uri: IRIS },
  };
  return {
    request,
    isRight: (answer) => JSON.parse(answer).outputs?.[0].data[0] === CLASS,
    start: async (bin) => {
      const folder = await mkdtemp(join(tmpdir(), 'mlserver-bench-'));
      await cp(join(PEERS, 'mlserver/iris.py'), join(folder, 'iris.py'));
      await writeFile(join(folder, 'model-settings.json'), JSON.stringify(model));
      const variables = {
        MLSERVER_HOST: '127.0.0.1',
        MLSERVER_GRPC_PORT: String(await freePort()),
        MLSERVER_METRICS_PORT: String(await freePort()),
        MLSERVER_PARALLEL_WORKERS: String(workers),
        MLSERVER_DEBUG: 'false',
      };
      const clear = () => rm(folder, { recursive: true, force: true });
      try {
        const server = await startOnFreePort('MLServer', request, (port) => [
          join(bin, 'mlserver'),
          ['start', folder],
          { cwd: folder, variables: { ...variables, MLSERVER_HTTP_PORT: port } },
        ]);
        return { ...server, stop: () => server.stop().finally(clear) };
      } catch (error) {
        await clear();
        throw error;
      }
    },
  };
}

function litServeWith(settings) {
  return litServe({ program: 'server.py', model: IRIS, request: REQUEST, settings });
}

function bentoMl(service, workers, { request = REQUEST, ...rest } = {}) {
  const variables = {
    IRIS_WORKERS: String(workers),
    BENTOML_DO_NOT_TRACK: 'True',
    BENTOML_HOME: join(tmpdir(), 'bentoml-bench'),
    BENTOML_CONFIG_OPTIONS: 'api_server.logging.access.enabled=false',
  };
  return {
    ...rest,
    request,
    start: (bin) =>
      startOnFreePort('BentoML', request, (port) => [
        join(bin, 'bentoml'),
        ['serve', `service:${service}`, '--host', '127.0.0.1', '--port', port],
        { cwd: join(PEERS, 'bentoml'), variables },
      ]),
  };
}

function flask(options) {
  // No timeout: the peer is paused while others are measured.
  const args = ['app:app', '--workers', '2', '--timeout', '0', '--log-level', 'error', ...options];
  return {
    start: (bin) =>
      startOnFreePort('Flask', REQUEST, (port) => [
        join(bin, 'gunicorn'),
        [...args, '--bind', `127.0.0.1:${port}`],
        { cwd: join(PEERS, 'flask') },
      ]),
  };
}
