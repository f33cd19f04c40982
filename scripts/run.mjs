// `node scripts/run.mjs dist/<program> [arguments]`: builds what is stale, and then is the program itself, in this process, so that
// a signal sent to npm reaches it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isStale } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [program] = process.argv.splice(2, 1);
const bundle = program.startsWith('dist/bundle/');

if (isStale({ bundle })) await build();
process.argv[1] = join(root, program);
await import(pathToFileURL(process.argv[1]).href);

/** In another process, since the compiler leaves behind a heap that the program has no use for. */
async function build() {
  const args = [join(root, 'scripts/build.mjs'), '--if-stale', ...(bundle ? [] : ['--no-bundle'])];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  const stop = () => {
    child.kill();
    process.exit(0);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const [code] = await new Promise((resolve) => child.once('close', (...ended) => resolve(ended)));
  process.off('SIGTERM', stop).off('SIGINT', stop);
  if (code !== 0) process.exit(code ?? 1);
}
