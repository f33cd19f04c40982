import { MAIN } from './process-app.js';
import { run } from './project.js';

const isRoot = process.getuid?.() === 0;
/** Takes root's right to read and write everything. */
const AS_OTHERS = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] as const;

/** @returns why permissions of files cannot be tested here; undefined if they can */
export async function permissionsIgnoredReason(): Promise<string | undefined> {
  if (!isRoot) return undefined;
  const [program, ...args] = AS_OTHERS;
  const { code, stderr } = await run(program, [...args, 'true']).catch((error: Error) => ({
    code: 1,
    stderr: error.message,
  }));
  return code === 0
    ? undefined
    : `root reads every file, and setpriv cannot take that right (Debian: util-linux): ${stderr.trim()}`;
}

/** @returns a command that runs an application to which the permissions of files apply */
export function withinPermissions(): [string, ...string[]] {
  return isRoot ? [...AS_OTHERS, process.execPath, MAIN] : [process.execPath, MAIN];
}
