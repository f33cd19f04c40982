import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Barista as it ships, in production mode, on a database and a model store of its own. */
export async function startBarista({ models = {}, variables = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'barista-bench-'));
  const store = join(folder, 'models');
  await cp(join(ROOT, 'models/iris'), join(store, 'iris'), { recursive: true });
  for (const [name, { file, manifest }] of Object.entries(models)) {
    await mkdir(join(store, name, '1'), { recursive: true });
    await cp(file, join(store, name, '1/model.onnx'));
    if (manifest) await writeFile(join(store, name, 'model.json'), JSON.stringify(manifest));
  }
  const server = await start('Barista', [join(ROOT, 'dist/bundle/main.js')], {
    PORT: '0',
    NODE_ENV: 'production',
    SESSION_SECRET: randomBytes(32).toString('hex'),
    DATABASE_URL: `sqlite:${join(folder, 'barista.db')}`,
    MODELS_DIR: store,
    ...variables,
  });
  await until(async () => (await fetch(`${server.url}/health/ready`)).ok);
  return { ...server, folder, stop: () => server.stop().finally(() => rm(folder, { recursive: true, force: true })) };
}

/** A peer: a program of `bench/peers` that logs `{"url": …}` when it listens. */
export async function startPeer(name, file, ...args) {
  return start(name, [join(ROOT, 'bench/peers', file), ...args], {});
}

async function start(name, args, variables) {
  const env = { PATH: process.env.PATH, ORT_DISABLE_TELEMETRY: '1', ...variables };
  const child = spawn(
    process.execPath,
    [...(process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter(Boolean), ...args],
    { env, cwd: tmpdir(), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await urlOf(child, name);
  return {
    name,
    url,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function urlOf(child, name) {
  const lines = createInterface({ input: child.stdout });
  try {
    for await (const line of lines) {
      const { url } = JSON.parse(line);
      if (url) return url;
    }
  } finally {
    // The log is part of what is measured: it is read to the end, and thrown away.
    child.stdout.resume();
  }
  throw new Error(`${name} did not start`);
}

async function until(holds) {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Proportional set size of a process and its children, in MiB; undefined where the system does not tell. */
export async function memoryOf(pid) {
  try {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean);
    const sizes = await Promise.all([pid, ...children].map(pssOf));
    return sizes.reduce((sum, size) => sum + size, 0) / 1024;
  } catch {
    return undefined;
  }
}

async function pssOf(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
}
