import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../../platform/logging/index.js';

const FILE = 'session-secret';
const MIN_LENGTH = 32;

/**
 * Reads the session secret from `directory`, or generates it on the first start. The file is created atomically, so that
 * processes that start together use the same secret.
 *
 * @throws StartupError if the file holds no secret
 */
export async function loadOrCreateSecret(directory: string): Promise<string> {
  const file = join(directory, FILE);
  const secret = (await read(file)) ?? (await create(directory, file));
  if (secret.length < MIN_LENGTH) throw new StartupError(`${file} holds no secret: remove it, and a new one is made.`);
  return secret;
}

async function create(directory: string, file: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return readFile(file, 'utf8');
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
