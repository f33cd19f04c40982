import { stringifyExactJson } from '../platform/http/index.js';

/** The columns of an input that the result repeats: the name of each in the input, and in the result. */
export type KeptColumns = readonly (readonly [column: string, name: string])[];

const PREFIX = 'input_';
/** What results call their own members, whatever the model. */
const NAMES_OF_RESULTS = [
  'row',
  'error',
  'label',
  'index',
  'probabilities',
  'value',
  'values',
  'labels',
  'explanation',
  'predictionId',
  'answer',
];

/** Names the columns in the result: as in the input, with the prefix `input_` where the result has such a name of its own. */
export function nameKeptColumns(columns: readonly string[], namesOfPrediction: readonly string[]): KeptColumns {
  const names = prefixTaken(columns, new Set([...NAMES_OF_RESULTS, ...namesOfPrediction]));
  return columns.map((column, index) => [column, names[index]!]);
}

/** The names with the prefix `input_` where they are taken, as often as it needs for all to differ. */
export function prefixTaken(names: readonly string[], taken: ReadonlySet<string>): string[] {
  const used = new Set([...taken, ...names]);
  return names.map((name) => {
    if (!taken.has(name)) return name;
    let free = name;
    while (used.has(free)) free = `${PREFIX}${free}`;
    used.add(free);
    return free;
  });
}

/**
 * The kept values of a row as members of a JSON object, each with a comma before it.
 *
 * @param isCsv whether a column without a value has an empty cell
 */
export function formatKept(row: unknown, kept: KeptColumns, isCsv: boolean): string {
  if (typeof row !== 'object' || row === null) return '';
  return kept
    .filter(([column]) => isCsv || Object.hasOwn(row, column))
    .map(([column, name]) => {
      const value = Object.hasOwn(row, column) ? (row as Record<string, unknown>)[column] : '';
      return `,${JSON.stringify(name)}:${stringifyExactJson(value) ?? 'null'}`;
    })
    .join('');
}
