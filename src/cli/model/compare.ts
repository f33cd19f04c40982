import type { ModelVersion, Prediction } from '../../serving/index.js';
import { answersOf, checkedRow, type Row } from './trial.js';

/** How the answers of one version differ from those of another. */
export interface Difference {
  readonly rows: number;
  /** Rows with the same label; undefined where the model gives none. */
  readonly sameLabels: number | undefined;
  /** Of any two numbers that should be equal, the greatest distance, and the greatest of the numbers. */
  readonly distance: number;
  readonly scale: number;
}

/** Runs of each version, at most: their median settles long before. */
const MAX_RUNS = 200;
const MAX_MS = 10_000;

/** Answers to the same rows, compared. */
export async function compareAnswers(
  before: ModelVersion,
  after: ModelVersion,
  rows: readonly Row[],
): Promise<Difference> {
  const others = await answersOf(after, rows);
  const pairs = (await answersOf(before, rows)).map((answer, row) => ({ answer, other: others[row] ?? {} }));
  const classes = pairs.filter(({ answer }) => classOf(answer) !== undefined);
  const numbers = pairs.flatMap(({ answer, other }) => numberPairs(withoutClass(answer), withoutClass(other)));
  return {
    rows: rows.length,
    sameLabels: classes.length === 0 ? undefined : classes.filter(isSameClass).length,
    distance: numbers.reduce((greatest, [a, b]) => Math.max(greatest, Math.abs(a - b)), 0),
    scale: numbers.reduce((greatest, [a]) => Math.max(greatest, Math.abs(a)), 0),
  };
}

/** How long one row takes each version, in milliseconds: the medians of runs that are made in turn. */
export async function compareSpeed(
  versions: readonly [ModelVersion, ModelVersion],
  row: Row,
): Promise<{ readonly runs: number; readonly medians: readonly [number, number] }> {
  const rows = versions.map((version) => [checkedRow(version, row)]);
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

function isSameClass({ answer, other }: { answer: Prediction; other: Prediction }): boolean {
  return classOf(answer) === classOf(other);
}

function withoutClass({ label: _label, index: _index, ...rest }: Prediction): object {
  return rest;
}

/** Numbers that stand in the same place; one that is missing counts as zero. */
function numberPairs(a: unknown, b: unknown): [number, number][] {
  if (typeof a === 'number' || typeof b === 'number') return [[Number(a ?? 0), Number(b ?? 0)]];
  if (typeof a !== 'object' || a === null) return [];
  const others = (b ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(a).flatMap(([key, value]) => numberPairs(value, others[key]));
}
