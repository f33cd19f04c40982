import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN } from './process-app.js';
import { run } from './project.js';

const MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"';
const CHUNK = Buffer.alloc(4096, 1);

/** Why no small disk can be made here; undefined where it can. */
export async function smallDiskUnavailableReason(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'barista-disk-'));
  const [program, ...args] = onSmallDisk(folder, 'true');
  const { code, stderr } = await run(program, args).catch((error: Error) => ({ code: 1, stderr: error.message }));
  await rm(folder, { recursive: true });
  return code === 0
    ? undefined
    : `no small file system can be mounted (as root, or in a user namespace): ${stderr.trim()}`;
}

/** The command for an application that has a disk of 3 MB at `folder`, which nobody else sees and which ends with it. */
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

/** Fills the disk of a process to its last page; answers how to make room again. */
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
