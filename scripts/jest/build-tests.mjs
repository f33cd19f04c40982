// Writes test/**/*.ts as JavaScript to dist/test, where they find dist/src; `npm run typecheck` checks their types.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = join(root, 'test');
const target = join(root, 'dist/test');
const OPTIONS = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  sourceMap: true,
};
const NOT_RUN = new Set(['fixtures', 'output']);

/** Jest calls this before the first test. */
export default function buildTests() {
  const files = readdirSync(source, { recursive: true }).filter(
    (file) => file.endsWith('.ts') && !NOT_RUN.has(file.split(sep)[0]),
  );
  const self = modified(fileURLToPath(import.meta.url));
  for (const file of files) {
    const [from, to] = [join(source, file), join(target, file.replace(/\.ts$/, '.js'))];
    if (modified(to) < Math.max(modified(from), self)) build(from, to);
  }
  removeOthers(new Set(files));
}

function build(from, to) {
  const { outputText, sourceMapText } = ts.transpileModule(readFileSync(from, 'utf8'), {
    fileName: from,
    compilerOptions: { ...OPTIONS, sourceRoot: `${relative(dirname(to), dirname(from)).replaceAll(sep, '/')}/` },
  });
  // A test looks for its fixtures beside its source.
  const text = outputText
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(from).href))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(from)));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(`${to}.map`, sourceMapText);
  writeFileSync(to, text);
}

/** What was built from a file that is gone would still be found by those that import it. */
function removeOthers(built) {
  for (const file of existsSync(target) ? readdirSync(target, { recursive: true }) : []) {
    if (/\.js(?:\.map)?$/.test(file) && !built.has(file.replace(/\.js(?:\.map)?$/, '.ts'))) rmSync(join(target, file));
  }
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
