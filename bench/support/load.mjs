import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const AUTOCANNON = fileURLToPath(new URL('autocannon.mjs', import.meta.url));
/** Long, because a slow response counts as a response. Only a missing one is a failure. */
const PATIENCE_SECONDS = 30;
const hasWrk = !spawnSync('wrk', ['--version']).error;

/** The load generator on this machine. */
export const LOAD_TOOL = hasWrk ? 'wrk -t1' : 'autocannon (wrk is not installed)';

/**
 * Repeats one request on keep-alive connections for some seconds (closed loop).
 *
 * @param request method, path, headers and body (a string or a Buffer)
 * @returns 2xx responses per second, 50th and 99th percentile in ms, and the number of failures
 */
export async function load({ url }, request, effort) {
  const folder = await mkdtemp(join(tmpdir(), 'barista-load-'));
  try {
    return await (hasWrk ? wrk : autocannon)(url, request, effort, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function wrk(url, request, { connections, seconds }, folder) {
  const script = join(folder, 'request.lua');
  await writeFile(script, luaOf(request));
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    `${PATIENCE_SECONDS}s`,
    '--latency',
    '-s',
    script,
    url,
  ];
  const text = await outputOf('wrk', args);
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0) + socketErrors(text);
  const total = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
  return { rate: total === 0 ? 0 : rate * (1 - Math.min(failed, total) / total), failed, ...percentilesOf(text) };
}

function luaOf({ method = 'GET', path, headers = {}, body }) {
  const lines = [`wrk.method = ${lua(method)}`, `wrk.path = ${lua(path)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`wrk.headers[${lua(name)}] = ${lua(value)}`);
  if (body !== undefined) lines.push(`wrk.body = ${lua(body)}`);
  return lines.join('\n');
}

/** Escapes every byte numerically, which is valid for any body. */
const lua = (content) =>
  `"${Array.from(Buffer.from(content), (byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

function socketErrors(text) {
  const [, ...counts] = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? [];
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

const UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function percentilesOf(text) {
  const percentile = (name) => {
    const [, value, unit] = new RegExp(`${name}%\\s+([\\d.]+)(us|ms|s|m)`).exec(text) ?? [];
    return value === undefined ? NaN : Number(value) * UNITS[unit];
  };
  return { p50: percentile('50'), p99: percentile('99') };
}

async function autocannon(url, { method = 'GET', path, headers = {}, body }, { connections, seconds }, folder) {
  const file = join(folder, 'request.json');
  const content = body === undefined ? undefined : Buffer.from(body).toString('base64');
  const options = { url: url + path, method, headers, connections, duration: seconds, timeout: PATIENCE_SECONDS };
  await writeFile(file, JSON.stringify({ ...options, body: content }));
  return JSON.parse(await outputOf(process.execPath, [AUTOCANNON, file]));
}

function outputOf(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
