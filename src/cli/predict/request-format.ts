import type { Delimiter } from '../../platform/records/index.js';
import type { RecordFormat } from '../../platform/records/index.js';
import type { DelimiterName } from './options.js';
import type { PredictContext } from './predict-context.js';

const MEDIA_TYPES: Record<RecordFormat, string> = {
  csv: 'text/csv',
  jsonl: 'application/x-ndjson',
  json: 'application/json',
};

/** The Content-Type of the file. */
export function contentTypeOf({ input: { format }, options: { charset } }: PredictContext): string {
  return charset === undefined ? MEDIA_TYPES[format] : `${MEDIA_TYPES[format]}; charset=${charset}`;
}

/** What separates the columns of CSV, if the command or the name of the file tells it. */
export function delimiterOf({ input, options }: PredictContext): Delimiter | undefined {
  return options.delimiter === 'tab' ? '\t' : (options.delimiter ?? input.delimiter);
}

/** The query parameters that tell how to read the file, and `others`. */
export function queryOf(context: PredictContext, others: Readonly<Record<string, string>> = {}): string {
  const delimiter = delimiterOf(context);
  const { extra } = context.options;
  const name: DelimiterName | undefined = delimiter === '\t' ? 'tab' : delimiter;
  const query = new URLSearchParams({ ...others, ...(extra && { extra }), ...(name && { delimiter: name }) });
  return query.size === 0 ? '' : `?${query.toString()}`;
}
