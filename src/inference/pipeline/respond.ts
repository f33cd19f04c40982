import type { Manifest, OutputMapping } from '../manifest/manifest.js';
import { sizeOf, type Tensor, type TensorSignature } from '../runtime/tensor.js';
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
}

type RowOutputs = ReadonlyMap<string, RowOutput>;

/** Tensors to predictions, one for each of `rowCount` rows. */
export function respond(
  outputs: readonly Tensor[],
  rowCount: number,
  manifest: Manifest,
  signature: readonly TensorSignature[],
): Prediction[] {
  const counting = new Set(signature.filter(countsRows).map(({ name }) => name));
  return Array.from({ length: rowCount }, (_, row) => {
    const own: RowOutputs = new Map(
      outputs.map((tensor) => [tensor.name, slice(tensor, row, counting.has(tensor.name))]),
    );
    return manifest.output ? mapped(own, manifest.output, manifest.labels) : byName(own);
  });
}

function slice({ type, shape, data }: Tensor, row: number, isCounted: boolean): RowOutput {
  if (!isCounted) return { type, shape, data };
  const rowShape = shape.slice(1);
  const size = sizeOf(rowShape);
  return { type, shape: rowShape, data: data.slice(row * size, (row + 1) * size) };
}

function byName(outputs: RowOutputs): Prediction {
  return Object.fromEntries([...outputs].map(([name, output]) => [name, toJson(output)]));
}

function mapped(outputs: RowOutputs, mapping: OutputMapping, labels: readonly string[] | undefined): Prediction {
  const scores = scoresOf(outputs, mapping);
  const index = indexOf(outputs, mapping, labels, scores);
  const value = mapping.value === undefined ? undefined : Number(outputs.get(mapping.value)?.data[0]);
  return {
    ...(index === undefined ? {} : { label: labels?.[index] ?? labelText(outputs, mapping) ?? String(index), index }),
    ...(scores === undefined ? {} : { probabilities: named(scores, labels, mapping.topK) }),
    ...(value === undefined ? {} : { value }),
  };
}

function scoresOf(outputs: RowOutputs, { probabilities, logits }: OutputMapping): number[] | undefined {
  const output = outputs.get(probabilities ?? logits ?? '');
  if (!output) return undefined;
  const scores = Array.from(output.data, Number);
  return probabilities === undefined ? softmax(scores) : scores;
}

function indexOf(
  outputs: RowOutputs,
  mapping: OutputMapping,
  labels: readonly string[] | undefined,
  scores: readonly number[] | undefined,
): number | undefined {
  const label = outputs.get(mapping.label ?? '')?.data[0];
  if (typeof label === 'string') return labels?.indexOf(label) ?? scores?.indexOf(Math.max(...scores));
  if (label !== undefined) return Number(label);
  return scores?.indexOf(Math.max(...scores));
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

/** With the greatest score taken off first, so that no exponential overflows. */
function softmax(scores: readonly number[]): number[] {
  const greatest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - greatest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Nested arrays of the output's shape; a plain value for one of shape `[]` or `[1]`. */
function toJson({ type, shape, data }: RowOutput): unknown {
  const elements = Array.from(data, (element) => elementToJson(element, type));
  if (elements.length === 1 && shape.length <= 1) return elements[0];
  return shape.slice(1).reduceRight<unknown[]>((items, size) => chunk(items, size), elements);
}

function chunk(items: readonly unknown[], size: number): unknown[] {
  return Array.from({ length: items.length / size }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function elementToJson(element: number | bigint | string, type: Tensor['type']): unknown {
  if (type === 'bool') return Boolean(element);
  if (typeof element !== 'bigint') return element;
  // JSON numbers are read as doubles nearly everywhere: what those cannot hold exactly is sent as text.
  const number = Number(element);
  return Number.isSafeInteger(number) ? number : String(element);
}
