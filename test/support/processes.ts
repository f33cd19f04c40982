import { readFile } from 'node:fs/promises';
import type { ProcessApp } from './process-app.js';
import { run } from './project.js';

/** @returns the ids of the application's process and of its model processes */
export async function processes({ pid }: ProcessApp): Promise<string[]> {
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(pid)]);
  return [String(pid), ...stdout.split('\n').map((line) => line.trim())].sort();
}

export async function residentKilobytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, resident] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
  return Number(resident ?? (await run('ps', ['-o', 'rss=', '-p', String(pid)])).stdout);
}
