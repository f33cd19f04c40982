import { isClose, type Prediction } from '../../serving/index.js';
import { numberPairs } from './compare-versions.js';

/** What a version gave for a row, or why it gave nothing. */
export type Outcome = { readonly prediction: Prediction } | { readonly error: string };

/** How the outcomes of two versions for the same rows differ. */
export interface Differences {
  /** Number of rows that both predicted. */
  readonly compared: number;
  /** Rows with another label, of those that both have given one; undefined for a model without labels. */
  readonly labels:
    { readonly rows: number; readonly others: number; readonly pairs: ReadonlyMap<string, number> } | undefined;
  /** By member of the predictions: absolute differences between corresponding numbers. */
  readonly numbers: ReadonlyMap<string, { readonly largest: number; readonly mean: number }>;
  /** Members that only one of the versions gives. */
  readonly unshared: readonly string[];
  /** The indices of the rows that differ, by more than rounding. */
  readonly rows: readonly number[];
}

/** Members that are compared as a label. */
const CLASS_MEMBERS = ['label', 'labels', 'index'];

/** Compares outcomes in the same order. */
export function findDifferences(before: readonly Outcome[], after: readonly Outcome[]): Differences {
  const pairs = new Map<string, number>();
  const distances = new Map<string, { largest: number; sum: number; count: number }>();
  const rows: number[] = [];
  const unshared = new Set<string>();
  let [compared, labelled, others] = [0, 0, 0];
  before.forEach((outcome, index) => {
    const other = after[index]!;
    if ('error' in outcome || 'error' in other) {
      if ('error' in outcome !== 'error' in other) rows.push(index);
      return;
    }
    const [ours, theirs] = [outcome.prediction, other.prediction];
    const [from, to] = [describeClass(ours), describeClass(theirs)];
    const shared = Object.keys(ours).filter((key) => Object.hasOwn(theirs, key));
    compared += 1;
    for (const key of [...Object.keys(ours), ...Object.keys(theirs)]) if (!shared.includes(key)) unshared.add(key);
    if (from !== undefined && to !== undefined) labelled += 1;
    const isOther = from !== undefined && to !== undefined && from !== to;
    if (isOther) {
      others += 1;
      const pair = `${from} → ${to}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    const members = shared.filter((key) => !CLASS_MEMBERS.includes(key));
    for (const key of members) addDistances(distances, key, numberPairs(ours[key], theirs[key]));
    if (isOther || members.some((key) => !isClose(ours[key], theirs[key]))) rows.push(index);
  });
  const numbers = [...distances].map(
    ([key, { largest, sum, count }]) => [key, { largest, mean: sum / count }] as const,
  );
  return {
    compared,
    labels: labelled === 0 ? undefined : { rows: labelled, others, pairs },
    numbers: new Map(numbers),
    unshared: [...unshared],
    rows,
  };
}

/** The label, or the labels; undefined for a prediction without any. */
function describeClass({ label, labels, index }: Prediction): string | undefined {
  if (Array.isArray(labels)) return labels.length > 0 ? labels.join(' + ') : 'none';
  return label ?? (index === undefined ? undefined : String(index));
}

function addDistances(
  distances: Map<string, { largest: number; sum: number; count: number }>,
  key: string,
  pairs: readonly (readonly [number, number])[],
): void {
  if (pairs.length === 0) return;
  const found = distances.get(key) ?? { largest: 0, sum: 0, count: 0 };
  for (const [a, b] of pairs) {
    found.largest = Math.max(found.largest, Math.abs(a - b));
    found.sum += Math.abs(a - b);
    found.count += 1;
  }
  distances.set(key, found);
}
