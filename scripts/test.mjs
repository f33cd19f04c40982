// `npm test`: every check, then every test. `npm test -- <what Jest takes>`: only those tests, such as `test/menus`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHECKS = ['typecheck', 'lint', 'format:check', 'walls'];
const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);

if (!succeeds(process.execPath, 'scripts/build-if-stale.mjs')) process.exit(1);
const failed = wanted.length > 0 ? [] : CHECKS.filter((check) => !succeeds('npm', 'run', check));
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
// What a test left open keeps Jest from ending; a developer should see that, CI must not wait for it.
if (process.env.CI === 'true') jest.push('--forceExit');
if (!succeeds(process.execPath, ...jest, ...wanted)) failed.push('tests');
if (failed.length > 0) console.error(`Failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function succeeds(command, ...args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}
