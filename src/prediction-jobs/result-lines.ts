import { type DomainError, InvalidInputError, stringifyExactJson } from '../platform/http/index.js';
import { RowFailure } from './row-outcomes.js';

/** The line of a result for one row of the input, counted from 0. */
export function formatResultLine(index: number, outcome: unknown): string {
  // V8 keeps the texts that it has made of numbers, by the ten thousand, for longer than they are of use; not those of JSON.
  const row = JSON.stringify(index);
  if (outcome instanceof RowFailure) return `{"row":${row},"error":${JSON.stringify(wordsOf(outcome.error))}}\n`;
  const json = stringifyExactJson(outcome) ?? 'null';
  if (!json.startsWith('{')) return `{"row":${row},"answer":${json}}\n`;
  return json === '{}' ? `{"row":${row}}\n` : `{"row":${row},${json.slice(1)}\n`;
}

function wordsOf(error: DomainError): object {
  const { code, message: detail } = error;
  return error instanceof InvalidInputError ? { code, detail, errors: error.errors } : { code, detail };
}
