import { ModelRunFailedError } from '../serving.errors.js';
import type { Manifest, OutputMapping } from '../manifest/manifest.js';
import { fromHalf } from '../signature/float16.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import { hasBatchDimension } from '../signature/row-schema.js';

/** What a model answers for one row. */
export interface Prediction {
  readonly label?: string;
  readonly index?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly value?: number;
  /** Outputs that the manifest says nothing of, by tensor name. */
  readonly [output: string]: unknown;
}

/** Tensors to predictions, one for each of `rowCount` rows. */
export type Respond = (outputs: readonly Tensor[], rowCount: number) => Prediction[];

/** What is known of an output before there is one. */
interface OutputPlan {
  readonly name: string;
  /** Whether each row has a part of its own, or all have the whole. */
  readonly isCounted: boolean;
  /** Whether a row's part is one value, by what the model says of its shape. */
  readonly isPlain: boolean;
}

/** The part of one output that belongs to one row: elements `start` to `end`. */
interface RowOutput {
  readonly plan: OutputPlan;
  readonly tensor: Tensor;
  readonly start: number;
  readonly end: number;
}

/** How answers of a model are made of its outputs, worked out once. */
export function responderFor({ output, labels }: Manifest, signature: Signature): Respond {
  if (!output) return responderByName(signature);
  const plans = plansFor(signature);
  const find = finderOf(plans);
  return (outputs, rowCount) => {
    const predictions: Prediction[] = [];
    for (let row = 0; row < rowCount; row += 1) {
      predictions.push(mapped((name) => find(outputs, name, row), output, labels));
    }
    return predictions;
  };
}

/** The outputs of each row by tensor name, whatever the manifest says of them. */
export function responderByName(signature: Signature): Respond {
  const plans = plansFor(signature);
  return (outputs, rowCount) => {
    return Array.from({ length: rowCount }, (_, row) => {
      const entries = outputs.map((tensor) => [tensor.name, toJson(part(planOf(plans, tensor.name), tensor, row))]);
      return Object.fromEntries(entries) as Prediction;
    });
  };
}

type Find = (name: string | undefined) => RowOutput | undefined;

function plansFor(signature: Signature): readonly OutputPlan[] {
  return signature.outputs.map((declared) => {
    const isCounted = hasBatchDimension(declared, signature);
    const shape = declared.shape.slice(isCounted ? 1 : 0);
    return { name: declared.name, isCounted, isPlain: shape.length === 0 || (shape.length === 1 && shape[0] === 1) };
  });
}

function planOf(plans: readonly OutputPlan[], name: string): OutputPlan {
  return plans.find((plan) => plan.name === name) ?? { name, isCounted: false, isPlain: false };
}

function finderOf(plans: readonly OutputPlan[]) {
  return (outputs: readonly Tensor[], name: string | undefined, row: number): RowOutput | undefined => {
    if (name === undefined) return undefined;
    const tensor = outputs.find((candidate) => candidate.name === name);
    return tensor && part(planOf(plans, name), tensor, row);
  };
}

function part(plan: OutputPlan, tensor: Tensor, row: number): RowOutput {
  const { length } = tensor.data;
  if (!plan.isCounted) return { plan, tensor, start: 0, end: length };
  const size = length / tensor.shape[0]!;
  return { plan, tensor, start: row * size, end: (row + 1) * size };
}

function mapped(find: Find, mapping: OutputMapping, labels: readonly string[] | undefined): Prediction {
  const scores = scoresOf(find, mapping);
  const named = find(mapping.label);
  const chosen = named && elementAt(named, 0);
  const index = indexOf(chosen, labels, scores);
  const label = typeof chosen === 'string' ? chosen : index === undefined ? undefined : nameOf(index, labels);
  const valued = find(mapping.value);
  const value = mapping.value === undefined ? undefined : valued ? numberAt(valued, 0) : NaN;
  if (value !== undefined) demandFinite(value);
  else scores?.forEach(demandFinite);
  const prediction: { -readonly [K in keyof Prediction]: Prediction[K] } = {};
  if (label !== undefined) prediction.label = label;
  if (index !== undefined) prediction.index = index;
  if (scores !== undefined) prediction.probabilities = probabilitiesOf(scores, labels, mapping.topK);
  if (value !== undefined) prediction.value = value;
  return prediction;
}

function nameOf(index: number, labels: readonly string[] | undefined): string {
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

/** JSON has no word for what is not finite, and it is no answer either. */
function demandFinite(number: number): void {
  if (!Number.isFinite(number)) throw new ModelRunFailedError(new Error('The answer is not a finite number'));
}

function scoresOf(find: Find, { probabilities, logits }: OutputMapping): number[] | undefined {
  const output = find(probabilities ?? logits);
  if (!output) return undefined;
  const scores: number[] = [];
  for (let index = 0; index < output.end - output.start; index += 1) scores.push(numberAt(output, index));
  return probabilities === undefined ? softmax(scores) : scores;
}

function indexOf(
  chosen: number | bigint | string | undefined,
  labels: readonly string[] | undefined,
  scores: readonly number[] | undefined,
): number | undefined {
  if (chosen === undefined) return scores && greatest(scores);
  if (typeof chosen !== 'string') return Number(chosen);
  const index = labels?.indexOf(chosen) ?? -1;
  return index === -1 ? undefined : index;
}

/** Probabilities by label, the `topK` most probable first where that is asked for. */
function probabilitiesOf(
  scores: readonly number[],
  labels: readonly string[] | undefined,
  topK?: number,
): Record<string, number> {
  if (topK === undefined && !labels?.includes('__proto__')) {
    const probabilities: Record<string, number> = {};
    for (let index = 0; index < scores.length; index += 1) probabilities[nameOf(index, labels)] = scores[index]!;
    return probabilities;
  }
  const entries = scores.map((score, index): [string, number] => [nameOf(index, labels), score]);
  return Object.fromEntries(entries.sort(([, a], [, b]) => (topK === undefined ? 0 : b - a)).slice(0, topK));
}

/** The index of the greatest score, the first of equals. */
function greatest(scores: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < scores.length; index += 1) {
    if (scores[index]! > (scores[best] ?? -Infinity)) best = index;
  }
  return best;
}

/** With the greatest score taken off first, so that no exponential overflows. */
function softmax(scores: readonly number[]): number[] {
  const top = scores[greatest(scores)] ?? 0;
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Nested arrays of the output's shape; a plain value for one of shape `[]` or `[1]`. */
function toJson({ plan, tensor, start, end }: RowOutput): unknown {
  const { type, shape, data } = tensor;
  const elements: unknown[] = [];
  for (let at = start; at < end; at += 1) elements.push(elementToJson(data[at]!, type));
  if (plan.isPlain) return elements[0];
  const inner = shape.slice(plan.isCounted ? 2 : 1);
  return inner.reduceRight<unknown[]>((items, size) => chunk(items, size), elements);
}

function chunk(items: readonly unknown[], size: number): unknown[] {
  return Array.from({ length: items.length / size }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** A bigint stays one where a number would not be exact; it is written with all its digits. */
function elementToJson(element: number | bigint | string, type: Tensor['type']): unknown {
  if (type === 'bool') return Boolean(element);
  if (type === 'float16') return fromHalf(element as number);
  if (typeof element !== 'bigint') return element;
  const number = Number(element);
  return Number.isSafeInteger(number) ? number : element;
}
