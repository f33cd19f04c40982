import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN } from './process-app.js';
import { run } from './project.js';

const MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"';
const CHUNK = Buffer.alloc(4096, 1);

/** @returns why no small disk can be mounted here; undefined if it can */
export async function smallDiskUnavailableReason(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'barista-disk-'));
  const [program, ...args] = onSmallDisk(folder, 'true');
  const { code, stderr } = await run(program, args).catch((error: Error) => ({ code: 1, stderr: error.message }));
  await rm(folder, { recursive: true });
  return code === 0
    ? undefined
    : `no small file system can be mounted (as root, or in a user namespace): ${stderr.trim()}`;
}

/** @returns a command that runs an application with a private disk of 3 MB at `folder` */
export function onSmallDisk(folder: string, ...command: string[]): [string, ...string[]] {
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  return [
    'unshare',
    ...namespaces,
    'sh',
    '-c',
    MOUNT,
    folder,
    ...(command.length > 0 ? command : [process.execPath, MAIN]),
  ];
}

/** Fills the disk of a process to the last page. @returns a function that frees the space */
export async function fillDisk(pid: number, folder: string): Promise<() => Promise<void>> {
  const path = `/proc/${pid}/root${folder}/filler`;
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
  return () => rm(path);
}
