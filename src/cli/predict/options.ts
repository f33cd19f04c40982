import { parseArgs } from 'node:util';
import type { Variables } from '../../platform/config/index.js';
import { ON_ERROR, type OnError } from '../../prediction-jobs/index.js';

/** What cannot be done, in words that say what can. */
export class PredictError extends Error {}

export const USAGE = `Predicts every row of a file, however large, by an application that runs.

  npm run -s predict -- <model> <file> > out.csv
  npm run -s predict -- <model> - --output out.csv < rows.csv

  <file>               CSV with a header, JSON lines or JSON; - reads standard input
  --url <url>          the application: http://localhost:3000 unless given
  --key <key>          an API key; BARISTA_API_KEY unless given. A small file needs none where the model is public
  --format csv|jsonl   of the result: csv for CSV, else jsonl, unless given
  --on-error <what>    reject: a row that is wrong refuses the file (unless given); stop: it ends the job;
                       skip: the result says what is wrong with it
  --output <file>      where the result goes instead of standard output

The file becomes a job that goes on by itself: Ctrl-C leaves it running, and the same command goes on with it, as it does
after a connection has broken. Exits 0 when the result is there, else 1. See docs/clients.md.
`;

export const RESULT_FORMATS = ['csv', 'jsonl'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

export interface PredictOptions {
  readonly model: string;
  /** `-` is standard input. */
  readonly file: string;
  readonly url: string;
  readonly key: string | undefined;
  /** That of the input unless given. */
  readonly format: ResultFormat | undefined;
  readonly onError: OnError;
  readonly output: string | undefined;
}

const OPTIONS = {
  url: { type: 'string', default: 'http://localhost:3000' },
  key: { type: 'string' },
  format: { type: 'string' },
  'on-error': { type: 'string', default: 'reject' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Undefined where help is asked for. @throws PredictError */
export function readOptions(args: string[], variables: Variables): PredictOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [model, file, ...others] = positionals;
  if (!model || !file || others.length > 0) throw new PredictError(`Expected a model and a file.\n\n${USAGE}`);
  const key = values.key ?? variables.BARISTA_API_KEY?.trim();
  return {
    model,
    file,
    url: urlOf(values.url),
    key: key === '' ? undefined : key,
    format: values.format === undefined ? undefined : oneOf(RESULT_FORMATS, values.format, '--format'),
    onError: oneOf(ON_ERROR, values['on-error'], '--on-error'),
    output: values.output,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new PredictError((error as Error).message, { cause: error });
  }
}

function urlOf(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isUrl) throw new PredictError(`--url: expected an address such as http://localhost:3000, got "${text}"`);
  return text.replace(/\/+$/, '');
}

function oneOf<T extends string>(choices: readonly T[], given: string, option: string): T {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new PredictError(`${option}: expected one of ${choices.join(', ')}, got "${given}"`);
  return found;
}
