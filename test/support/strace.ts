import { readFile } from 'node:fs/promises';
import { MAIN } from './process-app.js';
import { run } from './project.js';
import { until } from './until.js';

/** @returns why no process can be traced here; undefined if it can */
export async function straceUnavailableReason(): Promise<string | undefined> {
  try {
    const { code, stderr } = await run('strace', ['-f', '-o', '/dev/null', 'true']);
    return code === 0 ? undefined : `strace may not trace here (a sandbox can forbid ptrace): ${stderr.trim()}`;
  } catch {
    return 'no strace was found (Debian: strace)';
  }
}

/**
 * Builds a command that runs an application under strace.
 *
 * @param output the file that strace writes
 * @param options of strace, such as calls to trace or to fail: https://man7.org/linux/man-pages/man1/strace.1.html
 */
export function traced(output: string, ...options: string[]): [string, ...string[]] {
  // -D makes strace the descendant, so that the started process is the application.
  return ['strace', '-D', '-f', '--seccomp-bpf', '-y', '-o', output, ...options, process.execPath, MAIN];
}

/** @returns the system calls of the main thread, in order, as strace wrote them. Call it after the process has ended. */
export async function tracedCalls(output: string, pid: number): Promise<string[]> {
  const ended = new RegExp(`^${pid} +\\+\\+\\+ `, 'm');
  await until('the trace is written', async () => ended.test(await readFile(output, 'utf8')));
  const lines = (await readFile(output, 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith(`${pid} `)).map((line) => line.replace(/^\d+ +/, ''));
}
