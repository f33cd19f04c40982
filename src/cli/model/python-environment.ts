import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from './command.js';

const MAX_OUTPUT_BYTES = 16 * 2 ** 20;
const run = promisify(execFile);

/**
 * The Python of a virtual environment with the packages of a `requirements.txt`; made where there is none yet, and kept
 * under `cache` until the requirements or the Python change.
 */
export async function pythonWith(requirements: string, cache: string, say: (line: string) => void): Promise<string> {
  const python = await runPython('python3', ['--version'], 'Python 3 is needed, as "python3"');
  const wanted = createHash('sha256')
    .update(python)
    .update(await readFile(requirements));
  const folder = join(cache, `barista-python-${wanted.digest('hex').slice(0, 16)}`);
  if (!existsSync(folder)) {
    say(`Making a virtual environment in ${folder}; this is done once.`);
    await makeEnvironment(requirements, cache, folder);
  }
  return join(folder, 'bin/python');
}

/** What a Python program prints; `failure` says what did not work, before its own last words. */
export async function runPython(python: string, args: readonly string[], failure: string): Promise<string> {
  try {
    return (await run(python, args, { maxBuffer: MAX_OUTPUT_BYTES })).stdout;
  } catch (error) {
    const { stderr = '', code } = error as { stderr?: string; code?: string | number };
    const lastWords = stderr.trim().split('\n').slice(-3).join('\n') || `(${code})`;
    throw new CommandError(`${failure}: ${lastWords}`, { cause: error });
  }
}

/** Beside its place first, so that one that was given up half-way is never used. */
async function makeEnvironment(requirements: string, cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, 'barista-python-'));
  try {
    await runPython(
      'python3',
      ['-m', 'venv', temporary],
      'No virtual environment could be made (Debian: python3-venv)',
    );
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await runPython(join(temporary, 'bin/python'), install, `The packages of ${requirements} could not be installed`);
    await rename(temporary, folder).catch((error: unknown) => {
      // Another command has made it meanwhile.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
