import { type DomainError, InvalidInputError, stringifyExactJson } from '../platform/http/index.js';
import { RowFailure } from './row-results.js';

/**
 * Formats the JSON line of a result.
 *
 * @param index of the row in the input, from 0
 * @param result a prediction or a `RowFailure`
 * @param kept what `formatKept` has made of the row
 */
export function formatResultLine(index: number, result: unknown, kept = ''): string {
  // JSON.stringify, since V8 caches the results of String(number) by the ten thousand, which keeps them in the old heap.
  const row = `${JSON.stringify(index)}${kept}`;
  if (result instanceof RowFailure) return `{"row":${row},"error":${JSON.stringify(describeError(result.error))}}\n`;
  const json = stringifyExactJson(hasOwnRow(result) ? keepApart(result) : result) ?? 'null';
  if (!json.startsWith('{')) return `{"row":${row},"answer":${json}}\n`;
  return json === '{}' ? `{"row":${row}}\n` : `{"row":${row},${json.slice(1)}\n`;
}

/** Whether the response of a pipeline has a member that a line has too. */
function hasOwnRow(result: unknown): result is object {
  return (
    typeof result === 'object' && result !== null && (Object.hasOwn(result, 'row') || Object.hasOwn(result, 'error'))
  );
}

/** Gives such members the prefix `output_`, as outputs of a model with such a name have it. */
function keepApart(result: object): object {
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [
      name === 'row' || name === 'error' ? `output_${name}` : name,
      value,
    ]),
  );
}

function describeError(error: DomainError): object {
  const { code, message: detail } = error;
  return error instanceof InvalidInputError ? { code, detail, errors: error.errors } : { code, detail };
}
