// Builds the peers. A peer is built at its first use, and again when its sources change. If a tool is missing or fails, the function throws and
// the peer is reported as not measured.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './servers.mjs';

const BENCH = join(ROOT, 'bench');
const TARGET = join(BENCH, 'target');

/** Installs the packages of `bench/package.json`. */
export function installPackages() {
  const installed = join(BENCH, 'node_modules/.package-lock.json');
  const isStale =
    !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(BENCH, 'package-lock.json')).mtimeMs;
  if (isStale) run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'], { cwd: BENCH });
}

/** @returns the `bin` folder of a peer's virtual environment with the packages of `bench/requirements-<peer>.txt` */
export function pythonEnvironment(peer) {
  const requirements = join(BENCH, `requirements-${peer}.txt`);
  const folder = join(BENCH, '.venvs', peer);
  const installed = join(folder, 'requirements.txt');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(requirements, 'utf8')) {
    rmSync(folder, { recursive: true, force: true });
    run('python3', ['-m', 'venv', folder]);
    run(join(folder, 'bin/pip'), ['install', '--quiet', '--requirement', requirements]);
    copyFileSync(requirements, installed);
  }
  return join(folder, 'bin');
}

/** @returns the program of `bench/peers/axum`, and the path of the onnxruntime library that Node uses too */
export function axumProgram() {
  const target = join(TARGET, 'axum');
  const args = ['build', '--release', '--locked', '--quiet', '--target-dir', target];
  run('cargo', args, { cwd: join(BENCH, 'peers/axum') });
  return { program: join(target, 'release/bench-axum'), library: runtimeLibrary() };
}

/** @returns the compiled `main.js` of `bench/peers/nest` */
export function nestProgram() {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [compiler, '-p', join(BENCH, 'peers/nest')]);
  return join(TARGET, 'nest/main.js');
}

/** @returns `name 1.2.3` for packages, as Node resolves them from `bench` */
export function nodeVersions(...names) {
  const folders = [join(BENCH, 'node_modules'), join(ROOT, 'node_modules')];
  return names.map((name) => {
    const file = folders.map((folder) => join(folder, name, 'package.json')).find((path) => existsSync(path));
    return `${name} ${file ? JSON.parse(readFileSync(file, 'utf8')).version : '?'}`;
  });
}

export function pythonVersions(peer, ...names) {
  const lines = readFileSync(join(BENCH, `requirements-${peer}.txt`), 'utf8').split('\n');
  const { stdout } = spawnSync(join(BENCH, '.venvs', peer, 'bin/python'), ['--version'], { encoding: 'utf8' });
  const found = names.map(
    (name) => lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}==`)) ?? name,
  );
  return [stdout?.trim() ?? 'Python ?', ...found.map((line) => line.replace('==', ' '))];
}

export function cargoVersions(...names) {
  const lock = readFileSync(join(BENCH, 'peers/axum/Cargo.lock'), 'utf8');
  const found = names.map(
    (name) => `${name} ${new RegExp(`name = "${name}"\\nversion = "(.*)"`).exec(lock)?.[1] ?? '?'}`,
  );
  return [spawnSync('rustc', ['--version'], { encoding: 'utf8' }).stdout.trim(), ...found];
}

function runtimeLibrary() {
  const bin = join(ROOT, 'node_modules/onnxruntime-node/bin');
  const folder = join(bin, readdirSync(bin)[0], process.platform, process.arch);
  const name = existsSync(folder) && readdirSync(folder).find((file) => file.startsWith('libonnxruntime.'));
  if (!name) throw new Error('onnxruntime-node has no library for this system');
  return join(folder, name);
}

function run(command, args, options = {}) {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error) throw new Error(error.code === 'ENOENT' ? `${command} is not installed` : error.message);
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`);
}
