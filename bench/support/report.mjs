import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { LOAD_TOOL } from './load.mjs';
import { ROOT } from './servers.mjs';

const RULES = [
  'What counts is the ratio of two figures of one run on one machine; a figure alone says little.',
  'Everybody serves the same model, on the same version of onnxruntime, and gets the same body. Exceptions are in the notes: a protocol that asks for another body, and scikit-learn, which has a forest of its own of the same size.',
  'Everybody may use all cores, beside the program that makes the load. The model runs on one thread.',
  'Barista runs as it ships, in production mode: checks, access, security headers, one log line a request, metrics. A peer runs as its own pages have it, without an access log; its notes say what it does.',
  'Where a peer has several settings worth trying, all are tried in this run, and the fastest is measured.',
  'Each has to give one right answer first, and is then warmed up. In each round each is measured once, in turn, while all others are stopped (SIGSTOP); figures are medians of the rounds.',
  'Memory is the proportional set size (PSS) of all processes of a server, at the end of a load.',
  'A peer that cannot be measured here is in the table, and so is why.',
];

/** @returns lines about the machine and the software versions */
export function headOf() {
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).stdout?.trim();
  return [
    `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    `Node ${process.version}, load by ${LOAD_TOOL}${commit ? `, Barista at ${commit}` : ''}`,
  ];
}

/** Formats a result. */
export function linesOf({ rows, notes = [] }) {
  const width = Math.max(...rows.map(({ what }) => what.length));
  return [
    ...rows.map(({ what, figure, ratio, goal, isMet }) => {
      const verdict = goal ? `   (goal ${goal}: ${wordFor(isMet)})` : '';
      return `  ${what.padEnd(width)}  ${ratio ? `${ratio} of ` : ''}${figure}${verdict}`;
    }),
    ...notes.map((note) => `  - ${note}`),
  ];
}

/** Writes a full run to `bench/results.md`, and a partial run to an untracked file. @returns the file */
export function writeResults(results, { isWhole, isQuick }) {
  const file = isWhole ? 'bench/results.md' : 'bench/results.local.md';
  const effort = isQuick ? 'A quick run: few and short rounds, good for a first impression only.' : 'A full run.';
  const sections = results.map(({ title, rows, notes = [] }) => [
    `## ${title}`,
    '',
    '| What | Measured | Barista is … of it | Goal | |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ what, figure, ratio = '', goal = '', isMet }) =>
      [`| ${cell(what)}`, cell(figure), ratio, goal, `${wordFor(isMet)} |`].join(' | '),
    ),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ]);
  const lines = [
    '# How fast Barista is beside its peers',
    '',
    `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}. ${effort}`,
    '',
    ...headOf().map((line) => `- ${line}`),
    '',
    'The rules:',
    '',
    ...RULES.map((rule) => `- ${rule}`),
    '',
    ...sections.flat(),
  ];
  writeFileSync(join(ROOT, file), `${lines.join('\n').trimEnd()}\n`);
  return file;
}

function wordFor(isMet) {
  return isMet === undefined ? '' : isMet ? 'met' : 'NOT met';
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
