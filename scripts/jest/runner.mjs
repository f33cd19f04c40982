import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const circus = require('jest-circus/runner');
const run = circus.default ?? circus;

/**
 * Runs a test file with Jest's own runner, but loaded by Node. Jest would read and link the 2,500 modules of the application
 * anew for each test file, which is most of what a test takes; Node does it once in a process.
 */
export default function runTestFile(globalConfig, config, environment, runtime, testPath, sendMessage) {
  runtime.requireInternalModule = requireAnew;
  runtime.unstable_shouldLoadAsEsm = () => true;
  runtime.unstable_importModule = (path) => import(pathToFileURL(builtFrom(path, config.rootDir)).href);
  globalThis.jest = runtime.requireModuleOrMock(testPath, '@jest/globals').jest;
  return run(globalConfig, config, environment, runtime, testPath, sendMessage);
}

/** The part of the runner that holds the state of one test file. */
function requireAnew(path) {
  Reflect.deleteProperty(require.cache, path);
  return require(path);
}

function builtFrom(path, root) {
  return join(root, 'dist', relative(root, path).replace(/\.ts$/, '.js'));
}
