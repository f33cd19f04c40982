import { readFile } from 'node:fs/promises';
import { MAIN } from './process-app.js';
import { run } from './project.js';
import { until } from './until.js';

/** Why no process can be traced here; undefined where one can. */
export async function straceUnavailableReason(): Promise<string | undefined> {
  try {
    const { code, stderr } = await run('strace', ['-f', '-o', '/dev/null', 'true']);
    return code === 0 ? undefined : `strace may not trace here (a sandbox can forbid ptrace): ${stderr.trim()}`;
  } catch {
    return 'no strace was found (Debian: strace)';
  }
}

/**
 * The command for an application whose system calls strace sees.
 *
 * @param output the file that strace writes
 * @param options which calls, and what becomes of them: https://man7.org/linux/man-pages/man1/strace.1.html
 */
export function traced(output: string, ...options: string[]): [string, ...string[]] {
  // -D: the application is the process that was started, and strace its descendant.
  return ['strace', '-D', '-f', '--seccomp-bpf', '-y', '-o', output, ...options, process.execPath, MAIN];
}

/** The calls of a process's main thread, each as strace wrote it, in order. To be read when the process has ended. */
export async function tracedCalls(output: string, pid: number): Promise<string[]> {
  const ended = new RegExp(`^${pid} +\\+\\+\\+ `, 'm');
  await until('the trace is written', async () => ended.test(await readFile(output, 'utf8')));
  const lines = (await readFile(output, 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith(`${pid} `)).map((line) => line.replace(/^\d+ +/, ''));
}
