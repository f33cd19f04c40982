import { RunFailedOnRowError } from '../inference.errors.js';
import type { Manifest, OutputMapping } from '../manifest/manifest.js';
import { fromHalf } from '../runtime/float16.js';
import { type Signature, sizeOf, type Tensor, type TensorSignature } from '../runtime/tensor.js';
import { countsRows } from '../signature/row-schema.js';

/** What a model answers for one row. */
export interface Prediction {
  readonly label?: string;
  readonly index?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly value?: number;
  /** Outputs that the manifest says nothing of, by tensor name. */
  readonly [output: string]: unknown;
}

/** The part of one output that belongs to one row. */
interface RowOutput {
  readonly type: Tensor['type'];
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint | string>;
  /** Whether it is one value, by what the model says of its shape. */
  readonly isPlain: boolean;
}

type RowOutputs = ReadonlyMap<string, RowOutput>;

/** Tensors to predictions, one for each of `rowCount` rows. */
export function respond(
  outputs: readonly Tensor[],
  rowCount: number,
  { output, labels }: Manifest,
  signature: Signature,
): Prediction[] {
  return splitRows(outputs, rowCount, signature).map((own) => {
    return output ? mapped(own, output, labels) : byName(own);
  });
}

/** The outputs of each row by tensor name, whatever the manifest says of them. */
export function respondByName(outputs: readonly Tensor[], rowCount: number, signature: Signature): Prediction[] {
  return splitRows(outputs, rowCount, signature).map(byName);
}

function splitRows(outputs: readonly Tensor[], rowCount: number, signature: Signature): RowOutputs[] {
  const declared = new Map(signature.outputs.map((tensor) => [tensor.name, tensor]));
  return Array.from({ length: rowCount }, (_, row) => {
    return new Map(outputs.map((tensor) => [tensor.name, slice(tensor, row, declared.get(tensor.name), signature)]));
  });
}

function slice(tensor: Tensor, row: number, declared: TensorSignature | undefined, signature: Signature): RowOutput {
  const { type, shape, data } = tensor;
  const isCounted = declared !== undefined && countsRows(declared, signature);
  const declaredShape = declared?.shape.slice(isCounted ? 1 : 0) ?? shape;
  const isPlain = declaredShape.length === 0 || (declaredShape.length === 1 && declaredShape[0] === 1);
  if (!isCounted) return { type, shape, data, isPlain };
  const rowShape = shape.slice(1);
  const size = sizeOf(rowShape);
  return { type, shape: rowShape, data: data.slice(row * size, (row + 1) * size), isPlain };
}

function byName(outputs: RowOutputs): Prediction {
  return Object.fromEntries([...outputs].map(([name, output]) => [name, toJson(output)]));
}

function mapped(outputs: RowOutputs, mapping: OutputMapping, labels: readonly string[] | undefined): Prediction {
  const scores = scoresOf(outputs, mapping);
  const index = indexOf(outputs, mapping, labels, scores);
  const label = labelText(outputs, mapping) ?? (index === undefined ? undefined : (labels?.[index] ?? String(index)));
  const value = mapping.value === undefined ? undefined : valueOf(outputs.get(mapping.value));
  demandFinite(value === undefined ? (scores ?? []) : [value]);
  return {
    ...(label === undefined ? {} : { label }),
    ...(index === undefined ? {} : { index }),
    ...(scores === undefined ? {} : { probabilities: named(scores, labels, mapping.topK) }),
    ...(value === undefined ? {} : { value }),
  };
}

function valueOf(output: RowOutput | undefined): number {
  return (output && numbersOf(output)[0]) ?? NaN;
}

function numbersOf({ data, type }: RowOutput): number[] {
  return Array.from(data, type === 'float16' ? (bits) => fromHalf(bits as number) : Number);
}

/** JSON has no word for what is not finite, and it is no answer either. */
function demandFinite(numbers: readonly number[]): void {
  if (!numbers.every(Number.isFinite)) throw new RunFailedOnRowError(new Error('The answer is not a finite number'));
}

function scoresOf(outputs: RowOutputs, { probabilities, logits }: OutputMapping): number[] | undefined {
  const output = outputs.get(probabilities ?? logits ?? '');
  if (!output) return undefined;
  const scores = numbersOf(output);
  return probabilities === undefined ? softmax(scores) : scores;
}

function indexOf(
  outputs: RowOutputs,
  mapping: OutputMapping,
  labels: readonly string[] | undefined,
  scores: readonly number[] | undefined,
): number | undefined {
  const label = outputs.get(mapping.label ?? '')?.data[0];
  if (label === undefined) return scores && greatest(scores);
  if (typeof label !== 'string') return Number(label);
  const index = labels?.indexOf(label) ?? -1;
  return index === -1 ? undefined : index;
}

function labelText(outputs: RowOutputs, { label }: OutputMapping): string | undefined {
  const text = outputs.get(label ?? '')?.data[0];
  return typeof text === 'string' ? text : undefined;
}

/** Probabilities by label, the `topK` most probable first where that is asked for. */
function named(
  scores: readonly number[],
  labels: readonly string[] | undefined,
  topK?: number,
): Record<string, number> {
  const entries = scores.map((score, index): [string, number] => [labels?.[index] ?? String(index), score]);
  if (topK === undefined) return Object.fromEntries(entries);
  return Object.fromEntries(entries.sort(([, a], [, b]) => b - a).slice(0, topK));
}

/** The index of the greatest score, the first of equals. */
function greatest(scores: readonly number[]): number {
  return scores.reduce((best, score, index) => (score > (scores[best] ?? -Infinity) ? index : best), 0);
}

/** With the greatest score taken off first, so that no exponential overflows. */
function softmax(scores: readonly number[]): number[] {
  const top = scores[greatest(scores)] ?? 0;
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Nested arrays of the output's shape; a plain value for one of shape `[]` or `[1]`. */
function toJson({ type, shape, data, isPlain }: RowOutput): unknown {
  const elements = Array.from(data, (element) => elementToJson(element, type));
  if (isPlain) return elements[0];
  return shape.slice(1).reduceRight<unknown[]>((items, size) => chunk(items, size), elements);
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
