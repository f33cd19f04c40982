import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startProgram } from './processes.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'dist/bundle/main.js');
export const IRIS = join(ROOT, 'models/iris/1/model.onnx');
const NODE_OPTIONS = (process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter(Boolean);

/** Barista in production mode, with its own database and model store. */
export async function startBarista({ models = {}, variables = {} } = {}) {
  const { folder, settings } = await baristaHome(models);
  const server = await startProgram('Barista', process.execPath, [...NODE_OPTIONS, MAIN], {
    variables: { ...settings, ...variables },
  });
  while (!(await fetch(`${server.url}/health/ready`)).ok) await sleep(20);
  return { ...server, folder, stop: () => server.stop().finally(() => rm(folder, { recursive: true, force: true })) };
}

/** Creates a folder with a model store that has iris, and the settings for it. */
export async function baristaHome(models = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'barista-bench-'));
  const store = join(folder, 'models');
  await cp(join(ROOT, 'models/iris'), join(store, 'iris'), { recursive: true });
  for (const [name, { file, manifest }] of Object.entries(models)) {
    await mkdir(join(store, name, '1'), { recursive: true });
    await cp(file, join(store, name, '1/model.onnx'));
    if (manifest) await writeFile(join(store, name, 'model.json'), JSON.stringify(manifest));
  }
  const settings = {
    PORT: '0',
    NODE_ENV: 'production',
    SESSION_SECRET: randomBytes(32).toString('hex'),
    DATABASE_URL: `sqlite:${databaseIn(folder)}`,
    MODELS_DIR: store,
  };
  return { folder, settings };
}

export function databaseIn(folder) {
  return join(folder, 'barista.db');
}

/** Starts a peer in JavaScript: a program below `bench` that logs `{"url": …}` when it listens. */
export async function startPeer(name, file, ...args) {
  return startProgram(name, process.execPath, [...NODE_OPTIONS, join(ROOT, 'bench/peers', file), ...args]);
}
