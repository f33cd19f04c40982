import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './project.js';
import { until } from './until.js';

const CACHE = join(ROOT, 'node_modules/.cache/barista-python');

/** Longer than an installation takes; a lock that is older was left behind. */
const WAIT_MS = 240_000;

/** A Python installation with packages, or the reason why there is none. */
export interface Python {
  /** Path of the executable. */
  readonly program: string;
  /** For `describeUnless`. */
  readonly trouble: string | undefined;
}

/**
 * A Python with these packages: in a virtual environment that is made when there is none for this very list.
 *
 * @param requirements a file with every package pinned: nothing else is installed
 */
export async function pythonWith(requirements: string): Promise<Python> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const folder = join(CACHE, digest.slice(0, 16));
  const program = join(folder, 'bin/python');
  const reason = existsSync(program) ? undefined : await make(folder, requirements);
  if (reason === undefined) return { program, trouble: undefined };
  const needed = 'Debian: python3-venv, and PyPI in reach';
  return { program, trouble: `no Python with the packages of ${requirements} could be made (${needed}): ${reason}` };
}

/** Creates the environment, or waits until another test file has done so. @returns the error, if any */
async function make(folder: string, requirements: string): Promise<string | undefined> {
  const lock = `${folder}.lock`;
  await mkdir(CACHE, { recursive: true });
  const isOurs = await mkdir(lock).then(
    () => true,
    () => false,
  );
  if (!isOurs) {
    const isMade = async (): Promise<boolean> => Promise.resolve(existsSync(folder) || !existsSync(lock));
    await until(`${folder} has been made by another test file`, isMade, WAIT_MS).catch(() => undefined);
    if (existsSync(folder)) return undefined;
  }
  try {
    return await install(folder, requirements);
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Makes it elsewhere and renames it when it is complete, so that an incomplete one is never used. @returns the error, if any */
async function install(folder: string, requirements: string): Promise<string | undefined> {
  const draft = `${folder}.${process.pid}`;
  const packages = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  try {
    const made = await run('python3', ['-m', 'venv', draft]);
    if (made.code !== 0) return made.stderr || made.stdout;
    const installed = await run(join(draft, 'bin/python'), packages);
    if (installed.code !== 0) return installed.stderr;
    await rename(draft, folder).catch(() => undefined);
    return existsSync(folder) ? undefined : `${folder} could not be written`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
