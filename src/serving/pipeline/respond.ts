import { ModelRunFailedError } from '../serving.errors.js';
import type { Manifest, OutputMapping } from '../manifest/manifest.js';
import { fromHalf } from '../signature/float16.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import { hasBatchDimension } from '../signature/row-schema.js';

/** The prediction for one row. */
export interface Prediction {
  readonly label?: string;
  readonly index?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly value?: number;
  /** The value of each output tensor, by name, where the manifest maps no outputs. */
  readonly [output: string]: unknown;
}

/** Converts output tensors to predictions, one for each of `rowCount` rows. @throws ModelRunFailedError where a value is not finite */
export type Respond = (outputs: readonly Tensor[], rowCount: number) => Prediction[];

/** The layout of an output, known from the signature. */
interface OutputPlan {
  readonly name: string;
  /** Without a batch dimension, every row has the whole output. */
  readonly hasBatchDimension: boolean;
  /** Whether a row's part is a single value. */
  readonly isScalar: boolean;
}

/** One row's part of an output: elements `start` to `end`, exclusive. */
interface RowOutput {
  readonly plan: OutputPlan;
  readonly tensor: Tensor;
  readonly start: number;
  readonly end: number;
}

/** Compiles the conversion for a model once, by the `output` of its manifest. */
export function responderFor({ output, labels }: Manifest, signature: Signature): Respond {
  if (!output) return responderByName(signature);
  const plans = plansFor(signature);
  const find = finderOf(plans);
  return (outputs, rowCount) => {
    const predictions: Prediction[] = [];
    for (let row = 0; row < rowCount; row += 1) {
      predictions.push(applyMapping((name) => find(outputs, name, row), output, labels));
    }
    return predictions;
  };
}

/** Converts every output by its tensor name, without the mapping of the manifest. */
export function responderByName(signature: Signature): Respond {
  const plans = plansFor(signature);
  return (outputs, rowCount) => {
    return Array.from({ length: rowCount }, (_, row) => {
      const entries = outputs.map((tensor) => [
        tensor.name,
        toJson(rowOutputOf(planOf(plans, tensor.name), tensor, row)),
      ]);
      return Object.fromEntries(entries) as Prediction;
    });
  };
}

type Find = (name: string | undefined) => RowOutput | undefined;

function plansFor(signature: Signature): readonly OutputPlan[] {
  return signature.outputs.map((declared) => {
    const isBatched = hasBatchDimension(declared, signature);
    const shape = declared.shape.slice(isBatched ? 1 : 0);
    const isScalar = shape.length === 0 || (shape.length === 1 && shape[0] === 1);
    return { name: declared.name, hasBatchDimension: isBatched, isScalar };
  });
}

function planOf(plans: readonly OutputPlan[], name: string): OutputPlan {
  return plans.find((plan) => plan.name === name) ?? { name, hasBatchDimension: false, isScalar: false };
}

function finderOf(plans: readonly OutputPlan[]) {
  return (outputs: readonly Tensor[], name: string | undefined, row: number): RowOutput | undefined => {
    if (name === undefined) return undefined;
    const tensor = outputs.find((candidate) => candidate.name === name);
    return tensor && rowOutputOf(planOf(plans, name), tensor, row);
  };
}

function rowOutputOf(plan: OutputPlan, tensor: Tensor, row: number): RowOutput {
  const { length } = tensor.data;
  if (!plan.hasBatchDimension) return { plan, tensor, start: 0, end: length };
  const size = length / tensor.shape[0]!;
  return { plan, tensor, start: row * size, end: (row + 1) * size };
}

function applyMapping(find: Find, mapping: OutputMapping, labels: readonly string[] | undefined): Prediction {
  const scores = scoresOf(find, mapping);
  const labelOutput = find(mapping.label);
  const predicted = labelOutput && elementAt(labelOutput, 0);
  const index = classIndexOf(predicted, labels, scores);
  const label = typeof predicted === 'string' ? predicted : index === undefined ? undefined : labelOf(index, labels);
  const valueOutput = find(mapping.value);
  const value = mapping.value === undefined ? undefined : valueOutput ? numberAt(valueOutput, 0) : NaN;
  if (value !== undefined) requireFinite(value);
  else scores?.forEach(requireFinite);
  const prediction: { -readonly [K in keyof Prediction]: Prediction[K] } = {};
  if (label !== undefined) prediction.label = label;
  if (index !== undefined) prediction.index = index;
  if (scores !== undefined) prediction.probabilities = probabilitiesOf(scores, labels, mapping.topK);
  if (value !== undefined) prediction.value = value;
  return prediction;
}

function labelOf(index: number, labels: readonly string[] | undefined): string {
  return labels?.[index] ?? String(index);
}

function elementAt({ tensor, start, end }: RowOutput, index: number): number | bigint | string | undefined {
  return start + index < end ? tensor.data[start + index] : undefined;
}

function numberAt({ tensor, start, end }: RowOutput, index: number): number {
  if (start + index >= end) return NaN;
  const element = tensor.data[start + index];
  return tensor.type === 'float16' ? fromHalf(element as number) : Number(element);
}

/** JSON cannot represent NaN and infinities. */
function requireFinite(number: number): void {
  if (!Number.isFinite(number)) throw new ModelRunFailedError(new Error('The output is not a finite number'));
}

function scoresOf(find: Find, { probabilities, logits }: OutputMapping): number[] | undefined {
  const output = find(probabilities ?? logits);
  if (!output) return undefined;
  const scores: number[] = [];
  for (let index = 0; index < output.end - output.start; index += 1) scores.push(numberAt(output, index));
  return probabilities === undefined ? softmax(scores) : scores;
}

function classIndexOf(
  predicted: number | bigint | string | undefined,
  labels: readonly string[] | undefined,
  scores: readonly number[] | undefined,
): number | undefined {
  if (predicted === undefined) return scores && argmax(scores);
  if (typeof predicted !== 'string') return Number(predicted);
  const index = labels?.indexOf(predicted) ?? -1;
  return index === -1 ? undefined : index;
}

/** Probabilities by label; with `topK` the most probable ones, in descending order. */
function probabilitiesOf(
  scores: readonly number[],
  labels: readonly string[] | undefined,
  topK?: number,
): Record<string, number> {
  if (topK === undefined && !labels?.includes('__proto__')) {
    const probabilities: Record<string, number> = {};
    for (let index = 0; index < scores.length; index += 1) probabilities[labelOf(index, labels)] = scores[index]!;
    return probabilities;
  }
  const entries = scores.map((score, index): [string, number] => [labelOf(index, labels), score]);
  return Object.fromEntries(entries.sort(([, a], [, b]) => (topK === undefined ? 0 : b - a)).slice(0, topK));
}

/** The index of the first greatest score. */
function argmax(scores: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < scores.length; index += 1) {
    if (scores[index]! > (scores[best] ?? -Infinity)) best = index;
  }
  return best;
}

/** Subtracts the greatest score first, so that no exponential overflows. */
function softmax(scores: readonly number[]): number[] {
  const top = scores[argmax(scores)] ?? 0;
  const exponentials = scores.map((score) => Math.exp(score - top));
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  return exponentials.map((exponential) => exponential / sum);
}

/** Nested arrays in the output's shape; a scalar for the shapes `[]` and `[1]`. */
function toJson({ plan, tensor, start, end }: RowOutput): unknown {
  const { type, shape, data } = tensor;
  const elements: unknown[] = [];
  for (let at = start; at < end; at += 1) elements.push(elementToJson(data[at]!, type));
  if (plan.isScalar) return elements[0];
  const inner = shape.slice(plan.hasBatchDimension ? 2 : 1);
  return inner.reduceRight<unknown[]>((items, size) => chunk(items, size), elements);
}

function chunk(items: readonly unknown[], size: number): unknown[] {
  return Array.from({ length: items.length / size }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** Integers beyond 2^53 stay bigints, which the response writes with all digits. */
function elementToJson(element: number | bigint | string, type: Tensor['type']): unknown {
  if (type === 'bool') return Boolean(element);
  if (type === 'float16') return fromHalf(element as number);
  if (typeof element !== 'bigint') return element;
  const number = Number(element);
  return Number.isSafeInteger(number) ? number : element;
}
