import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../command-line.js';

const MAX_OUTPUT_BYTES = 16 * 2 ** 20;
const run = promisify(execFile);

/**
 * Path of the Python of a virtual environment with the packages of a `requirements.txt`. The environment is made if necessary,
 * and cached under `cache` by the requirements and the version of Python.
 *
 * @throws CommandError
 */
export async function pythonWith(requirements: string, cache: string, print: (line: string) => void): Promise<string> {
  const python = await runPython('python3', ['--version'], 'Python 3 is needed, as "python3"');
  const wanted = createHash('sha256')
    .update(python)
    .update(await readFile(requirements));
  const folder = join(cache, `barista-python-${wanted.digest('hex').slice(0, 16)}`);
  if (!existsSync(folder)) {
    print(`Making a virtual environment in ${folder}; this is done once.`);
    await makeEnvironment(requirements, cache, folder);
  }
  return join(folder, 'bin/python');
}

/**
 * Runs Python and returns its stdout.
 *
 * @param failure beginning of the error message, before the last lines of stderr
 * @throws CommandError
 */
export async function runPython(python: string, args: readonly string[], failure: string): Promise<string> {
  try {
    return (await run(python, args, { maxBuffer: MAX_OUTPUT_BYTES })).stdout;
  } catch (error) {
    const { stderr = '', code } = error as { stderr?: string; code?: string | number };
    const lastLines = stderr.trim().split('\n').slice(-3).join('\n') || `(${code})`;
    throw new CommandError(`${failure}: ${lastLines}`, { cause: error });
  }
}

/** Makes the environment in a temporary folder and renames it, so that an incomplete one is never used. */
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
      // Another command has made it in the meantime.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
