import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A mistake of the caller's, said in words. */
export class CommandError extends Error {}

/** Runs a command of the project: answers `--help`, builds what is stale, exits 0, or 1 with words on stderr. */
export async function command({ help, parameters, main }) {
  const given = process.argv.slice(2);
  if (given.includes('--help') || given.includes('-h')) {
    console.log(help);
    return;
  }
  try {
    if (given.length !== parameters) throw new CommandError(help);
    runScript('scripts/build.mjs', ['--if-stale', '--no-bundle'], { stdio: ['ignore', 2, 2] });
    await main(...given);
  } catch (error) {
    const isInWords = error instanceof CommandError || error.name === 'SettingsError';
    console.error(isInWords ? error.message : `Failed: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Runs another program of this project; answers what it printed, where that is piped. */
export function runScript(path, args, options) {
  const result = spawnSync(process.execPath, [join(root, path), ...args], { cwd: root, encoding: 'utf8', ...options });
  if (result.status !== 0) throw new CommandError([result.stdout, result.stderr].join('').trim() || `${path} failed`);
  return result.stdout;
}
