// `npm run start:dev`: compiles on every change, and starts the application again when that went well.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { finish } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(root, 'dist/src/main.js');
const IS_WITHOUT_ERRORS = /^Found 0 errors/;

let app;
let starting = Promise.resolve();
let isEnding = false;

const host = ts.createWatchCompilerHost(
  join(root, 'tsconfig.build.json'),
  {},
  ts.sys,
  ts.createEmitAndSemanticDiagnosticsBuilderProgram,
  (diagnostic) => process.stderr.write(ts.formatDiagnosticsWithColorAndContext([diagnostic], FORMAT)),
  ({ messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    console.error(text);
    if (IS_WITHOUT_ERRORS.test(text)) restart();
  },
);
const FORMAT = { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' };
ts.createWatchProgram(host);

// What the compiler does not look at: style sheets, scripts of pages, lists.
watch(join(root, 'src'), { recursive: true }, (_, file) => {
  if (file && !file.endsWith('.ts')) restart();
});

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void end());

function restart() {
  starting = starting.then(async () => {
    await stop();
    if (isEnding) return;
    finish();
    app = spawn(process.execPath, ['--enable-source-maps', MAIN], { cwd: process.cwd(), stdio: 'inherit' });
  });
}

/** Resolves when the application has ended. */
async function stop() {
  if (!app || app.exitCode !== null || app.signalCode !== null) return;
  const ended = new Promise((resolve) => app.once('exit', resolve));
  app.kill();
  await ended;
}

async function end() {
  if (isEnding) return app?.kill();
  isEnding = true;
  await starting;
  await stop();
  process.exit(0);
}
