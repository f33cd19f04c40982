import { type DomainError, InvalidInputError, stringifyExactJson } from '../platform/http/index.js';
import { RowFailure } from './row-results.js';

/** Formats the JSON line of a result. @param index of the row in the input, from 0 @param result a prediction or a `RowFailure` */
export function formatResultLine(index: number, result: unknown): string {
  // JSON.stringify, since V8 caches the results of String(number) by the ten thousand, which keeps them in the old heap.
  const row = JSON.stringify(index);
  if (result instanceof RowFailure) return `{"row":${row},"error":${JSON.stringify(describeError(result.error))}}\n`;
  const json = stringifyExactJson(result) ?? 'null';
  if (!json.startsWith('{')) return `{"row":${row},"answer":${json}}\n`;
  return json === '{}' ? `{"row":${row}}\n` : `{"row":${row},${json.slice(1)}\n`;
}

function describeError(error: DomainError): object {
  const { code, message: detail } = error;
  return error instanceof InvalidInputError ? { code, detail, errors: error.errors } : { code, detail };
}
