import { ModelRunFailedError, UnknownClassError } from '../serving.errors.js';
import type { OutputMapping } from '../manifest/manifest.js';
import type { ClassLabels } from '../signature/class-labels.js';
import type { OutputFormat } from '../signature/output-format.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import { resultNames } from '../signature/result-names.js';
import {
  type OutputPlan,
  outputPlansFor,
  requireDeclaredShapes,
  type RowOutput,
  rowOutputOf,
  toJson,
} from './row-outputs.js';
import { type Activation, argmax, probabilitiesFrom } from './scores.js';

/** The prediction for one row. */
export interface Prediction {
  readonly label?: string;
  readonly index?: number;
  /** The labels that hold, of several independent ones. */
  readonly labels?: readonly string[];
  readonly probabilities?: Readonly<Record<string, number>>;
  /** A number; for several targets without names a list. */
  readonly value?: number;
  /** Several targets by name. */
  readonly values?: Readonly<Record<string, number>>;
  /** The value of each output tensor, by name, where the manifest maps no outputs. */
  readonly [output: string]: unknown;
}

/**
 * Converts output tensors to predictions, one for each of `rowCount` rows.
 *
 * @throws ModelRunFailedError where a value is not finite, or there are more or fewer values than declared
 */
export type Respond = (outputs: readonly Tensor[], rowCount: number) => Prediction[];

type Fields = { -readonly [K in keyof Prediction]: Prediction[K] };

/** Adds the members of one row to its prediction. */
type AddMembers = (prediction: Fields, outputs: readonly Tensor[], row: number) => void;

/** Compiles the conversion for a model once. */
export function responderFor(format: OutputFormat, signature: Signature): Respond {
  const { mapping } = format;
  if (!mapping) return responderByName(signature);
  const plans = outputPlansFor(signature);
  const planOf = (name: string): OutputPlan => plans.find((plan) => plan.name === name)!;
  const steps: AddMembers[] = [];
  if (mapping.sigmoid !== undefined) steps.push(addIndependentLabels(planOf(mapping.sigmoid), format, signature));
  else if (mapping.label ?? mapping.probabilities ?? mapping.logits) steps.push(addClass(mapping, format, planOf));
  if (mapping.value !== undefined) steps.push(addValue(planOf(mapping.value), mapping.values));
  return (outputs, rowCount) => {
    requireDeclaredShapes(plans, outputs, rowCount);
    const predictions: Prediction[] = [];
    for (let row = 0; row < rowCount; row += 1) {
      const prediction: Fields = {};
      for (const add of steps) add(prediction, outputs, row);
      predictions.push(prediction);
    }
    return predictions;
  };
}

/** Converts every output by its name, apart from the names that results use themselves. */
export function responderByName(signature: Signature): Respond {
  return byName(signature, resultNames(signature.outputs.map(({ name }) => name)));
}

/** Converts every output by the name that its tensor has. */
export function responderByTensor(signature: Signature): Respond {
  return byName(signature, new Map());
}

function byName(signature: Signature, names: ReadonlyMap<string, string>): Respond {
  const plans = outputPlansFor(signature);
  return (outputs, rowCount) => {
    requireDeclaredShapes(plans, outputs, rowCount);
    return Array.from({ length: rowCount }, (_, row) => {
      const entries = outputs.map((tensor) => {
        const plan = plans.find(({ name }) => name === tensor.name)!;
        return [names.get(tensor.name) ?? tensor.name, toJson(rowOutputOf(plan, tensor, row))];
      });
      return Object.fromEntries(entries) as Prediction;
    });
  };
}

/** @throws ModelRunFailedError where the run has not returned the output */
function partOf(plan: OutputPlan, outputs: readonly Tensor[], row: number): RowOutput {
  const tensor = outputs.find(({ name }) => name === plan.name);
  if (!tensor) throw new ModelRunFailedError(new Error(`The run has no output "${plan.name}"`));
  return rowOutputOf(plan, tensor, row);
}

/** Adds `label`, `index` and `probabilities`. */
function addClass(mapping: OutputMapping, { classes }: OutputFormat, planOf: (name: string) => OutputPlan): AddMembers {
  const { label, logits, probabilities, topK } = mapping;
  const labelPlan = label === undefined ? undefined : planOf(label);
  const scores = probabilities ?? logits;
  const scoresPlan = scores === undefined ? undefined : planOf(scores);
  const activation: Activation = probabilities === undefined ? 'softmax' : 'none';
  const names = classes?.names;
  const indexOfClass = classIndexer(classes);
  return (prediction, outputs, row) => {
    const shares = scoresPlan && finite(probabilitiesFrom(partOf(scoresPlan, outputs, row), activation));
    if (shares && names && shares.length !== names.length) {
      throw new ModelRunFailedError(new Error(`A row has ${shares.length} scores for ${names.length} labels`));
    }
    const predicted = labelPlan && classAt(partOf(labelPlan, outputs, row));
    const index = predicted === undefined ? argmax(shares ?? []) : indexOfClass(predicted);
    prediction.label = index === undefined ? String(predicted) : (names?.[index] ?? String(index));
    if (index !== undefined) prediction.index = index;
    if (shares) prediction.probabilities = byLabel(shares, names, topK);
  };
}

/** The value of a class in a label output; for a `bool` output `false` or `true`. */
function classAt({ tensor, start }: RowOutput): number | bigint | string | boolean {
  const element = tensor.data[start]!;
  return tensor.type === 'bool' ? element !== 0 : element;
}

/**
 * Compiles the search for the index of a class. Without known classes an integer is the index itself, and a text has none.
 *
 * @throws UnknownClassError (when searching) for a value that is no class
 */
function classIndexer(
  classes: ClassLabels | undefined,
): (value: number | bigint | string | boolean) => number | undefined {
  const known = classes && new Map(classes.values.map((value, index) => [value, index]));
  // Without looking up texts: most classifiers number their classes from 0 on.
  const areIndices = classes === undefined || classes.values.every((value, index) => value === String(index));
  return (value) => {
    if (areIndices && (typeof value === 'number' || typeof value === 'bigint')) {
      const index = Number(value);
      if (Number.isSafeInteger(index) && index >= 0 && (known === undefined || index < known.size)) return index;
    }
    if (known === undefined && typeof value === 'string') return undefined;
    const index = known?.get(String(value));
    if (index === undefined) throw new UnknownClassError(String(value));
    return index;
  };
}

/** Adds `labels` and `probabilities`; `label` and `index` where one score decides between two labels. */
function addIndependentLabels(plan: OutputPlan, { mapping, classes }: OutputFormat, signature: Signature): AddMembers {
  const { threshold = 0.5, topK } = mapping!;
  const names = classes?.names;
  const output = signature.outputs.find(({ name }) => name === plan.name);
  const activation: Activation = output?.activation === 'sigmoid' ? 'none' : 'sigmoid';
  return (prediction, outputs, row) => {
    const shares = finite(probabilitiesFrom(partOf(plan, outputs, row), activation));
    const [only = NaN] = shares;
    if (names?.length === 2 && shares.length === 1) {
      prediction.index = only >= threshold ? 1 : 0;
      prediction.label = names[prediction.index]!;
      prediction.probabilities = byLabel([1 - only, only], names, topK);
      return;
    }
    if (names && shares.length !== names.length) {
      throw new ModelRunFailedError(new Error(`A row has ${shares.length} scores for ${names.length} labels`));
    }
    const indices = shares.flatMap((share, index) => (share >= threshold ? [index] : []));
    prediction.labels = indices.map((index) => names?.[index] ?? String(index));
    prediction.probabilities = byLabel(shares, names, topK);
  };
}

/** Adds `value`, or `values` where they have names. */
function addValue(plan: OutputPlan, names: readonly string[] | undefined): AddMembers {
  return (prediction, outputs, row) => {
    const value = toJson(partOf(plan, outputs, row));
    const numbers = (Array.isArray(value) ? value.flat(Infinity) : [value]).map(Number);
    finite(numbers);
    if (!names) {
      prediction.value = (Array.isArray(value) ? value : numbers[0]) as number;
      return;
    }
    if (numbers.length !== names.length) {
      throw new ModelRunFailedError(new Error(`A row has ${numbers.length} values for ${names.length} names`));
    }
    prediction.values = Object.fromEntries(names.map((name, index) => [name, numbers[index]!]));
  };
}

/** JSON cannot represent NaN and infinities. @throws ModelRunFailedError */
function finite(numbers: number[]): number[] {
  for (const number of numbers) {
    if (!Number.isFinite(number)) throw new ModelRunFailedError(new Error('The output is not a finite number'));
  }
  return numbers;
}

/** Probabilities by label; with `topK` the most probable ones, in descending order. */
function byLabel(
  shares: readonly number[],
  names: readonly string[] | undefined,
  topK: number | undefined,
): Record<string, number> {
  if (topK === undefined && !names?.includes('__proto__')) {
    const probabilities: Record<string, number> = {};
    for (let index = 0; index < shares.length; index += 1) probabilities[names?.[index] ?? index] = shares[index]!;
    return probabilities;
  }
  const entries = shares.map((share, index): [string, number] => [names?.[index] ?? String(index), share]);
  return Object.fromEntries(entries.sort(([, a], [, b]) => (topK === undefined ? 0 : b - a)).slice(0, topK));
}
