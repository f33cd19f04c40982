import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const START_SECONDS = 120;
const STOP_SECONDS = 10;
const POLL_MS = 50;
const IDLE_SECONDS = 60;
const IDLE_MS = 300;
const IDLE_TICKS = 2;
const KEPT_OF_LOG = 4000;

const running = new Set();
process.on('exit', () => running.forEach((child) => signal(child.pid, 'SIGKILL')));
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(name, () => process.exit(code));
}

/**
 * Starts a program and waits until it serves: until it logs `{"url": …}` (or a line that `isUp` accepts), or until `probe`, a request to `url`,
 * succeeds.
 *
 * @returns name, url, pid, and functions for the process and its children: `stop`, `pause`, `resume`, `memory` in MiB, and `idle`, which
 * waits until pending requests are done
 */
export async function startProgram(
  name,
  command,
  args,
  { variables = {}, cwd = tmpdir(), isUp = (line) => line.url, url, probe } = {},
) {
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, ORT_DISABLE_TELEMETRY: '1', ...variables },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  child.on('exit', () => running.delete(child));
  const log = tailOf(child.stderr);
  try {
    const found = await Promise.race([
      url === undefined ? lineOf(child, isUp) : answers(child, url, probe),
      failureOf(child),
      sleep(START_SECONDS * 1000, undefined, { ref: false }).then(() => {
        throw new Error(`not up within ${START_SECONDS} s`);
      }),
    ]);
    return serverOf(name, found, child);
  } catch (error) {
    signal(child.pid, 'SIGKILL');
    throw new Error(`${name} did not start: ${error.message}\n${log.text}`, { cause: error });
  }
}

function serverOf(name, url, child) {
  return {
    name,
    url,
    pid: child.pid,
    pause: () => signal(child.pid, 'SIGSTOP'),
    resume: () => signal(child.pid, 'SIGCONT'),
    memory: () => memoryOf(child.pid),
    idle: () => idle(child.pid),
    stop: () => stop(child),
  };
}

/** @returns the first result of `pick` for a line of the child's JSON log. The rest of the log is read and discarded. */
export async function lineOf(child, pick) {
  const lines = createInterface({ input: child.stdout });
  try {
    for await (const line of lines) {
      const found = pick(contentOf(line));
      if (found) return found;
    }
  } finally {
    // Logging is part of the measurement, so the log is read to its end.
    child.stdout.resume();
  }
  return new Promise(() => undefined);
}

function contentOf(line) {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return {};
  }
}

async function answers(child, url, { path, ...init }) {
  child.stdout.resume();
  while (child.exitCode === null) {
    const response = await fetch(url + path, init).catch(() => undefined);
    if (response?.ok) return url;
    await sleep(POLL_MS);
  }
  return new Promise(() => undefined);
}

async function failureOf(child) {
  const [reason] = await Promise.race([once(child, 'exit'), once(child, 'error')]);
  throw reason instanceof Error ? reason : new Error(`it ended with ${reason}`);
}

function tailOf(stream) {
  const log = { text: '' };
  stream.on('data', (chunk) => (log.text = (log.text + chunk).slice(-KEPT_OF_LOG)));
  return log;
}

/** Sends SIGTERM, and SIGKILL after a timeout. */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const tree = treeOf(child.pid);
  signal(child.pid, 'SIGCONT');
  const hasEnded = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([hasEnded, sleep(STOP_SECONDS * 1000, undefined, { ref: false })]);
  for (const pid of tree) send(pid, 'SIGKILL');
}

function signal(pid, name) {
  if (pid !== undefined) for (const one of treeOf(pid)) send(one, name);
}

function send(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // The process has ended already.
  }
}

/** @returns a process and its descendants; without /proc, the process group that it leads */
function treeOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) => numbersIn(`/proc/${pid}/task/${thread}/children`));
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return process.platform === 'linux' ? [] : [-pid];
  }
}

function numbersIn(file) {
  return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** @returns the proportional set size of a process and its descendants, in MiB; undefined if the system does not report it */
export function memoryOf(pid) {
  if (process.platform !== 'linux') return undefined;
  return treeOf(pid).reduce((sum, one) => sum + pssOf(one), 0) / 1024;
}

function pssOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Waits until a process and its descendants use no processor time. After a load its last requests are still pending, and a slow server
 * would process them during the next measurement.
 */
async function idle(pid) {
  const end = Date.now() + IDLE_SECONDS * 1000;
  let before = ticksOf(pid);
  while (Date.now() < end) {
    await sleep(IDLE_MS);
    const now = ticksOf(pid);
    if (now - before <= IDLE_TICKS) return;
    before = now;
  }
}

/** @returns the processor time in hundredths of a second; 0 if the system does not report it */
function ticksOf(pid) {
  if (process.platform !== 'linux') return 0;
  return treeOf(pid).reduce((sum, one) => sum + ticksOfOne(one), 0);
}

function ticksOfOne(pid) {
  try {
    // Fields follow the process name, which may contain anything. Fields 14 and 15 are user and system time (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

/** @returns a free port, for programs that cannot report the port that they were given */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
