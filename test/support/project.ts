import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root folder of the project, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  /** Added to `bareVariables`. Nothing else of the environment is inherited. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The environment variables that every program needs. None of them is a setting. */
export function bareVariables(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME };
}

/** Runs a program and waits for its end. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { cwd = ROOT, variables = {} } = options;
  const env = { ...bareVariables(), ...variables };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}
