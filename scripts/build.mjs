// Compiles to dist/src what has changed, and makes the bundle of it; `--no-bundle` leaves that out, `--if-stale` does nothing
// where nothing has changed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const target = join(root, 'dist/src');
const compiler = join(root, 'node_modules/typescript/bin/tsc');
/** Which an installation without development packages does not have; the compiler may be there as somebody's dependency. */
const tool = join(root, 'node_modules/esbuild');
const bundler = join(root, 'scripts/bundle.mjs');

const COMPILED = {
  stamp: join(root, 'dist/src/.built'),
  inputs: ['src', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/build.mjs'],
};
const BUNDLED = { stamp: join(root, 'dist/bundle/main.js'), inputs: ['dist/src/.built', 'scripts/bundle.mjs'] };
const ASSET = /\.(?:css|html|js|svg|txt)$/;

/** Whether a build would change something. A deployment without sources or tools runs as it is. */
export function isStale({ bundle = true } = {}) {
  return canBuild() && (isOlder(COMPILED) || (bundle && isOlder(BUNDLED)));
}

/** Makes of dist/src what src is now, where the compiler has written its part. */
export function finish(started = new Date()) {
  removeOrphans();
  for (const file of filesIn(source)) {
    const [from, to] = [join(source, file), join(target, file)];
    if (!ASSET.test(file) || modified(from) <= modified(to)) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  writeFileSync(COMPILED.stamp, '');
  // A source that changed meanwhile is newer.
  utimesSync(COMPILED.stamp, started, started);
}

/** A deleted migration must not live on, where migrations are found as files. */
function removeOrphans() {
  const sources = new Set(filesIn(source));
  for (const file of filesIn(target)) {
    const from = file.replace(/\.js(?:\.map)?$/, '.ts');
    if (ASSET.test(file.replace(/\.map$/, '')) && !sources.has(from) && !sources.has(file)) rmSync(join(target, file));
  }
}

function compile() {
  const started = new Date();
  // The compiler compares with what it remembers, and not with what is there.
  if (!existsSync(COMPILED.stamp)) rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
  run(compiler, '-p', 'tsconfig.build.json');
  finish(started);
}

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

function canBuild() {
  return existsSync(tool) && existsSync(source);
}

function isOlder({ stamp, inputs }) {
  return !existsSync(stamp) || inputs.some((input) => newest(join(root, input)) > modified(stamp));
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function filesIn(folder) {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isForced = !process.argv.includes('--if-stale');
  const isWanted = (part) => isForced || (canBuild() && isOlder(part));
  if (isWanted(COMPILED)) compile();
  if (!process.argv.includes('--no-bundle') && isWanted(BUNDLED)) run(bundler);
}
