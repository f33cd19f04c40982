import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './project.js';

const CACHE = join(ROOT, 'node_modules/.cache/barista-python');

/**
 * A Python with these packages: in a virtual environment that is made when there is none for this very list.
 *
 * @param requirements a file with every package pinned: nothing else is installed
 * @returns the path of its program; undefined, having said why on stderr, where it cannot be made and is not required
 * @throws in CI, where nobody reads what is skipped
 */
export async function pythonWith(requirements: string): Promise<string | undefined> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const folder = join(CACHE, digest.slice(0, 16));
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return python;
  const trouble = await make(folder, requirements);
  if (trouble === undefined) return python;
  const message = `No Python with the packages of ${requirements} could be made (Debian: python3-venv, and PyPI in reach)`;
  if (process.env.CI === 'true') throw new Error(`CI=true, and ${message}: ${trouble}`);
  process.stderr.write(`${message}: what needs it is not tested here. ${trouble}\n`);
  return undefined;
}

/** Why it could not be made. It takes its place when it is whole: two at once do not disturb each other. */
async function make(folder: string, requirements: string): Promise<string | undefined> {
  const draft = `${folder}.${process.pid}`;
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  await mkdir(CACHE, { recursive: true });
  try {
    const made = await run('python3', ['-m', 'venv', draft]);
    if (made.code !== 0) return made.stderr || made.stdout;
    const installed = await run(join(draft, 'bin/python'), install);
    if (installed.code !== 0) return installed.stderr;
    await rename(draft, folder).catch(() => undefined);
    return existsSync(folder) ? undefined : `${folder} could not be written`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
