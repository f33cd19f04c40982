// `npm test`: every check, then every test. `npm test -- <what Jest takes>`: only those tests, such as `test/menus`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHECKS = ['typecheck', 'lint', 'format:check', 'walls'];
const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);

// A test that needs the bundle makes it: test/support/process-app.ts.
const build = ['scripts/build.mjs', '--if-stale', ...(wanted.length > 0 ? ['--no-bundle'] : [])];
if (!succeeds(process.execPath, ...build)) process.exit(1);
const failed = wanted.length > 0 ? [] : CHECKS.filter((check) => !succeeds('npm', 'run', check));
if (!succeeds(process.execPath, 'node_modules/jest/bin/jest.js', ...wanted)) failed.push('tests');
if (failed.length > 0) console.error(`Failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function succeeds(command, ...args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}
