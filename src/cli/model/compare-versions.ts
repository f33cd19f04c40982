import type { ModelVersion, Prediction } from '../../serving/index.js';
import { predictRows, type Row, validateRow } from './loaded-version.js';

/** How the predictions of two versions differ. */
export interface PredictionDifference {
  readonly rows: number;
  /** Number of rows with the same label; undefined for a model without labels. */
  readonly sameLabels: number | undefined;
  /** Greatest absolute difference between corresponding numbers. */
  readonly distance: number;
  /** Greatest absolute number of the first version, to which the distance is relative. */
  readonly scale: number;
}

/** Runs per version, and milliseconds in all: enough for a stable median. */
const MAX_RUNS = 200;
const MAX_MS = 10_000;

/** Compares the predictions of two versions for the same rows. */
export async function comparePredictions(
  before: ModelVersion,
  after: ModelVersion,
  rows: readonly Row[],
): Promise<PredictionDifference> {
  const others = await predictRows(after, rows);
  const pairs = (await predictRows(before, rows)).map((prediction, row) => ({ prediction, other: others[row] ?? {} }));
  const classes = pairs.filter(({ prediction }) => classOf(prediction) !== undefined);
  const numbers = pairs.flatMap(({ prediction, other }) => numberPairs(withoutClass(prediction), withoutClass(other)));
  return {
    rows: rows.length,
    sameLabels: classes.length === 0 ? undefined : classes.filter(isSameClass).length,
    distance: numbers.reduce((greatest, [a, b]) => Math.max(greatest, Math.abs(a - b)), 0),
    scale: numbers.reduce((greatest, [a]) => Math.max(greatest, Math.abs(a)), 0),
  };
}

/** Median milliseconds per version for one row. The runs of the two versions alternate, so that load affects both alike. */
export async function compareSpeed(
  versions: readonly [ModelVersion, ModelVersion],
  row: Row,
): Promise<{ readonly runs: number; readonly medians: readonly [number, number] }> {
  const rows = versions.map((version) => [validateRow(version, row)]);
  const times: [number[], number[]] = [[], []];
  const end = performance.now() + MAX_MS;
  while (times[1].length < MAX_RUNS && (times[1].length === 0 || performance.now() < end)) {
    for (const index of [0, 1] as const) {
      const start = performance.now();
      await versions[index].predict(rows[index] ?? []);
      times[index].push(performance.now() - start);
    }
  }
  return { runs: times[0].length, medians: [median(times[0]), median(times[1])] };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function classOf({ label, index }: Prediction): string | number | undefined {
  return label ?? index;
}

function isSameClass({ prediction, other }: { prediction: Prediction; other: Prediction }): boolean {
  return classOf(prediction) === classOf(other);
}

function withoutClass({ label: _label, index: _index, ...rest }: Prediction): object {
  return rest;
}

/** The numbers at the same path of two values; a missing number counts as zero. */
export function numberPairs(a: unknown, b: unknown): [number, number][] {
  if (typeof a === 'number' || typeof b === 'number') return [[Number(a ?? 0), Number(b ?? 0)]];
  if (typeof a !== 'object' || a === null) return [];
  const others = (b ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(a).flatMap(([key, value]) => numberPairs(value, others[key]));
}
