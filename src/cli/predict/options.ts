import type { Variables } from '../../platform/config/index.js';
import { ON_ERROR, type OnError } from '../../prediction-jobs/index.js';
import { CommandError, parseArguments } from '../command-line.js';

export const USAGE = `Predicts every row of a file of any size, with a running application.

  npm run -s predict -- <model> <file> > out.csv
  npm run -s predict -- <model> - --output out.csv < rows.csv

  <file>               CSV with a header, JSON lines or JSON; - reads standard input
  --url <url>          the application; default http://localhost:3000
  --key <key>          an API key; default BARISTA_API_KEY. A small file needs none if the model is public
  --format csv|jsonl   format of the result; default csv for CSV, else jsonl
  --on-error <mode>    reject (default): an invalid row rejects the file; stop: it ends the job;
                       skip: the result contains its error
  --extra keep         keeps columns that are no features, such as an id, in the result
  --delimiter <char>   of CSV: , ; | or tab; default: found in the header
  --charset <name>     encoding of the file, such as cp949; default UTF-8, or what a byte order mark says
  --output <file>      writes the result to a file instead of standard output

The file becomes a job on the server: Ctrl-C leaves it running, and the same command resumes it, also after a lost
connection. The exit code is 0 if the result is complete, else 1. See docs/clients.md.
`;

export const RESULT_FORMATS = ['csv', 'jsonl'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

/** As the query parameter `delimiter` takes them. */
const DELIMITERS = [',', ';', '|', 'tab'] as const;
export type DelimiterName = (typeof DELIMITERS)[number];

export interface PredictOptions {
  readonly model: string;
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly url: string;
  readonly key: string | undefined;
  /** Undefined: the format that fits that of the input. */
  readonly format: ResultFormat | undefined;
  readonly onError: OnError;
  readonly extra: 'keep' | undefined;
  /** Of CSV. Undefined: what the file says. */
  readonly delimiter: DelimiterName | undefined;
  /** Undefined: UTF-8, or what a byte order mark says. */
  readonly charset: string | undefined;
  readonly output: string | undefined;
}

const OPTIONS = {
  url: { type: 'string', default: 'http://localhost:3000' },
  key: { type: 'string' },
  format: { type: 'string' },
  'on-error': { type: 'string', default: 'reject' },
  extra: { type: 'string' },
  delimiter: { type: 'string' },
  charset: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

/** @throws CommandError, or a TypeError for an unknown option */
export function readOptions(args: string[], variables: Variables): PredictOptions {
  const expected = `Expected a model and a file.\n\n${USAGE}`;
  const { values, positionals } = parseArguments(args, OPTIONS, { min: 2, max: 2, expected });
  const [model = '', file = ''] = positionals;
  const key = values.key ?? variables.BARISTA_API_KEY?.trim();
  return {
    model,
    file,
    url: requireUrl(values.url),
    key: key === '' ? undefined : key,
    format: values.format === undefined ? undefined : requireChoice(RESULT_FORMATS, values.format, '--format'),
    onError: requireChoice(ON_ERROR, values['on-error'], '--on-error'),
    extra: values.extra === undefined ? undefined : requireChoice(['keep'] as const, values.extra, '--extra'),
    delimiter: values.delimiter === undefined ? undefined : requireDelimiter(values.delimiter),
    charset: values.charset,
    output: values.output,
  };
}

/** Returns the URL without a trailing slash. */
function requireUrl(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isUrl) throw new CommandError(`--url: expected an address such as http://localhost:3000, got "${text}"`);
  return text.replace(/\/+$/, '');
}

/** A tab may be given as such, as a shell writes it (`\t`), or by name. */
function requireDelimiter(given: string): DelimiterName {
  return requireChoice(DELIMITERS, given === '\t' || given === '\\t' ? 'tab' : given, '--delimiter');
}

function requireChoice<T extends string>(choices: readonly T[], given: string, option: string): T {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new CommandError(`${option}: expected one of ${choices.join(', ')}, got "${given}"`);
  return found;
}
