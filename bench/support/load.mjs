import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a request is: method, path, headers and body. */
function luaOf({ method = 'GET', path, headers = {}, body }) {
  const lines = [`wrk.method = ${lua(method)}`, `wrk.path = ${lua(path)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`wrk.headers[${lua(name)}] = ${lua(value)}`);
  if (body !== undefined) lines.push(`wrk.body = ${lua(body)}`);
  return lines.join('\n');
}

const lua = (text) => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/**
 * Sends one request over and over, on so many connections kept open, for so many seconds.
 *
 * @returns requests a second that were answered 2xx, 50th and 99th percentile in ms, and how many failed
 */
export async function load({ url }, request, { connections, seconds }) {
  demandWrk();
  const folder = await mkdtemp(join(tmpdir(), 'barista-load-'));
  const script = join(folder, 'request.lua');
  await writeFile(script, luaOf(request));
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url];
  const text = await outputOf('wrk', args);
  await rm(folder, { recursive: true });
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0) + socketErrors(text);
  const total = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
  return { rate: total === 0 ? 0 : rate * (1 - Math.min(failed, total) / total), failed, ...percentilesOf(text) };
}

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

function demandWrk() {
  if (spawnSync('wrk', ['--version']).error) throw new Error('The benchmark needs wrk: apt-get install wrk');
}

function outputOf(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
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
