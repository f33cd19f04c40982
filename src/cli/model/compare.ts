import { type CheckedRow, ModelVersion, type Prediction, resolveInStore, RowCheck } from '../../serving/index.js';
import { stringifyExactJson } from '../../platform/http/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { pluralize } from './format.js';
import { withLoadedVersion } from './loaded-version.js';
import { type Differences, findDifferences, type Outcome } from './prediction-differences.js';
import { type FileRow, readRowsFile } from './rows-file.js';
import { findModel, findVersion, type StoredModel } from './stored-models.js';

const MAX_PAIRS = 10;
const MAX_ROWS = 5;
/** Characters of a row or a prediction. */
const MAX_LENGTH = 200;

/** The rows of a file, and what two versions give for them. */
interface Comparison {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly FileRow[];
  readonly versions: readonly [ModelVersion, ModelVersion];
  readonly outcomes: readonly [readonly Outcome[], readonly Outcome[]];
}

/** `npm run model -- compare`: prints how the predictions of two versions differ for the rows of a file. */
export async function compare(args: string[], context: CommandContext): Promise<void> {
  const expected =
    'Expected: npm run model -- compare <name> <version> <version> --rows <rows.csv|rows.json|rows.jsonl>';
  const { values, positionals } = parseArguments(args, { rows: { type: 'string' } }, { min: 3, max: 3, expected });
  const file = values.rows;
  if (file === undefined) throw new CommandError(expected);
  const [name = '', ...numbers] = positionals;
  const model = await findModel(context.modelsDir, name);
  const [first = '', second = ''] = numbers.map((number) => findVersion(model, number));
  await withStoredVersion(model, first, context, (before) => {
    return withStoredVersion(model, second, context, async (after) => {
      const versions = [before, after] as const;
      const { columns, rows } = await readRowsFile(file, versions.flatMap(featuresOf));
      const outcomes = [await predictAll(before, rows), await predictAll(after, rows)] as const;
      printComparison(model.name, { file, columns, rows, versions, outcomes }, context);
    });
  });
}

async function withStoredVersion<T>(
  { name, manifest }: StoredModel,
  version: string,
  { modelsDir, settings }: CommandContext,
  work: (version: ModelVersion) => Promise<T>,
): Promise<T> {
  const file = await resolveInStore(modelsDir, name, version, 'model.onnx').catch((error: Error) => {
    throw new CommandError(`${name}/${version}: ${error.message}`);
  });
  return withLoadedVersion({ name: `${name}/${version}`, version, file, manifest, settings }, work);
}

function featuresOf({ schema }: ModelVersion): string[] {
  return schema!.fields.map(({ name }) => name);
}

/** Predicts the rows that are valid, as many together as the version takes. */
async function predictAll(version: ModelVersion, rows: readonly FileRow[]): Promise<Outcome[]> {
  const features = new Set(featuresOf(version));
  const checked = rows.map((row) => checkRow(row, features, version));
  const batchSize = version.batching?.enabled ? version.batching.maxBatchSize : 1;
  const outcomes: Outcome[] = [];
  for (let start = 0; start < rows.length; start += batchSize) {
    outcomes.push(...(await predictBatch(version, checked.slice(start, start + batchSize))));
  }
  return outcomes;
}

/** The values of a row for the features that the version has. @returns the message for an invalid row */
function checkRow(
  { values, isText }: FileRow,
  features: ReadonlySet<string>,
  version: ModelVersion,
): CheckedRow | string {
  const own = Object.fromEntries(Object.entries(values).filter(([key]) => features.has(key)));
  const check = new RowCheck(version.limits);
  const row = version.check(isText ? version.fromForm(own) : own, ['row'], check);
  return check.errors[0]?.message ?? row;
}

async function predictBatch(version: ModelVersion, rows: readonly (CheckedRow | string)[]): Promise<Outcome[]> {
  const valid = rows.filter((row) => typeof row !== 'string');
  let predictions: readonly Prediction[] = [];
  try {
    if (valid.length > 0) predictions = await version.predict(valid);
  } catch (error) {
    if (rows.length === 1)
      return [{ error: ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message }];
    const outcomes: Outcome[] = [];
    for (const row of rows) outcomes.push(...(await predictBatch(version, [row])));
    return outcomes;
  }
  let next = 0;
  return rows.map((row) => (typeof row === 'string' ? { error: row } : { prediction: predictions[next++]! }));
}

function printComparison(name: string, comparison: Comparison, { print }: CommandContext): void {
  const { file, columns, rows, versions, outcomes } = comparison;
  const [before, after] = versions.map(({ version }) => `${name}/${version}`);
  const differences = findDifferences(...outcomes);
  print(`Compared ${before} and ${after} on ${pluralize(differences.compared, 'row')} of ${file}.`);
  const known = new Set(versions.flatMap(featuresOf));
  const ignored = columns.filter((column) => !known.has(column));
  if (ignored.length > 0) print(`  not features, ignored: ${ignored.join(', ')}`);
  versions.forEach((version, index) => printErrors(`${name}/${version.version}`, rows, outcomes[index] ?? [], print));
  printDifferences(differences, print);
  printRows(comparison, differences, print);
}

function printErrors(
  name: string,
  rows: readonly FileRow[],
  outcomes: readonly Outcome[],
  print: CommandContext['print'],
): void {
  const failed = outcomes.flatMap((outcome, index) => ('error' in outcome ? [{ index, error: outcome.error }] : []));
  const [first] = failed;
  if (!first) return;
  print(`  ${name} gives nothing for ${pluralize(failed.length, 'row')}: ${rows[first.index]!.place}: ${first.error}`);
}

function printDifferences({ labels, numbers, unshared }: Differences, print: CommandContext['print']): void {
  if (labels) {
    print(`  label: another one for ${labels.others} of ${pluralize(labels.rows, 'row')}`);
    const pairs = [...labels.pairs].sort(([, a], [, b]) => b - a);
    for (const [pair, count] of pairs.slice(0, MAX_PAIRS)) print(`    ${pair}: ${count}`);
    if (pairs.length > MAX_PAIRS) print(`    and ${pluralize(pairs.length - MAX_PAIRS, 'other pair')}`);
  }
  for (const [member, { largest, mean }] of numbers) {
    if (largest === 0) print(`  ${member}: the same`);
    else print(`  ${member}: differs by at most ${formatNumber(largest)}, by ${formatNumber(mean)} on average`);
  }
  if (unshared.length > 0) print(`  given by one of them only: ${unshared.join(', ')}`);
}

function printRows(
  { rows, versions, outcomes }: Comparison,
  { rows: differing, labels, numbers }: Differences,
  print: CommandContext['print'],
): void {
  if (differing.length === 0) {
    const isComparable = labels !== undefined || numbers.size > 0;
    print(
      isComparable ? 'No row differs by more than rounding.' : 'Their predictions have nothing in common to compare.',
    );
    return;
  }
  const shown = differing.slice(0, MAX_ROWS);
  print(`${pluralize(differing.length, 'row')} differ${differing.length === 1 ? 's' : ''}. The first:`);
  for (const index of shown) {
    const { place, values } = rows[index]!;
    print(`  ${place}: ${shorten(values)}`);
    versions.forEach(({ version }, side) => print(`    ${version}: ${describeOutcome(outcomes[side]![index]!)}`));
  }
}

function describeOutcome(outcome: Outcome): string {
  return 'error' in outcome ? outcome.error : shorten(outcome.prediction);
}

function shorten(value: object): string {
  const text = stringifyExactJson(value) ?? '';
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
