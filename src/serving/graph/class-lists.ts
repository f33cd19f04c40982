import type { ClassValue } from '../signature/tensor.js';
import { exactClass, ML_DOMAIN, type OnnxNode } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** The class list of an operator, and the operator that decides on a class: lists of one decision have the same order. */
export interface ClassList {
  readonly classes: readonly ClassValue[];
  readonly origin: OnnxNode;
}

/** `TensorProto.DataType` */
const [INT64, TEXT, BOOLEAN] = [7, 8, 9];
const FLOATS = [1, 11];
const INTEGERS = [2, 3, 4, 5, 6, 7, 12, 13];
const DECIMAL = /^-?(?:0|[1-9]\d*)$/;
/** The whole numbers that a float32 holds exactly. */
const MAX_FLOAT_INTEGER = 2 ** 24;
/** Longer chains of operators are not followed. */
const MAX_STEPS = 1_000;

const CLASSIFIERS = new Set(
  ['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier'].map((type) => `${ML_DOMAIN}.${type}`),
);
/** Leave the values as they are. */
const RESHAPING = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout']);

/** The classes of a classifier of classical machine learning; undefined for other operators. */
export function classesOfClassifier(node: OnnxNode): readonly ClassValue[] | undefined {
  if (!CLASSIFIERS.has(node.operator)) return undefined;
  return node.classValues('classlabels_strings', 'classlabels_int64s', 'classlabels_ints');
}

/** The classes that the elements of a value stand for; undefined where the graph does not say. */
export function labelClasses(model: OnnxModel, value: string): ClassList | undefined {
  const changes: ((classes: readonly ClassValue[]) => readonly ClassValue[] | undefined)[] = [];
  let [current, steps] = [value, 0];
  for (; steps < MAX_STEPS; steps += 1) {
    const node = model.producerOf(current);
    if (!node) return undefined;
    const [input = ''] = node.inputs;
    if (RESHAPING.has(node.operator)) current = input;
    else if (node.operator === 'Cast') {
      changes.push((classes) => castClasses(classes, node.integer('to')));
      current = input;
    } else if (node.operator === `${ML_DOMAIN}.LabelEncoder`) {
      const origin = decisionBehind(model, input);
      const mapping = mappingOf(node);
      if (!mapping) return undefined;
      if (origin) return finish(mapping.inOrder, origin, changes);
      changes.push(mapping.apply);
      current = input;
    } else {
      const isLabel = node.outputs[0] === current;
      const classes = isLabel ? classesOfClassifier(node) : undefined;
      if (classes) return finish(classes, node, changes);
      const chosen = chosenFrom(model, node);
      return chosen && finish(chosen.classes, chosen.origin, changes);
    }
  }
  return undefined;
}

/** The class lists from which an `ArgMax` chooses, by the value that it takes the greatest of. */
export function decisionsOf(model: OnnxModel): Map<string, ClassList> {
  const decisions = new Map<string, ClassList>();
  for (const node of model.nodes) {
    const list = chosenFrom(model, node) ?? encodedBy(model, node);
    const [scores = ''] = list?.origin.inputs ?? [];
    if (list) decisions.set(scores, list);
  }
  return decisions;
}

function encodedBy(model: OnnxModel, node: OnnxNode): ClassList | undefined {
  if (node.operator !== `${ML_DOMAIN}.LabelEncoder`) return undefined;
  const origin = decisionBehind(model, node.inputs[0] ?? '');
  return origin && finish(mappingOf(node)?.inOrder, origin, []);
}

/** A constant list of classes from which an `ArgMax` chooses, as skl2onnx writes it. */
function chosenFrom(model: OnnxModel, node: OnnxNode): ClassList | undefined {
  if (node.operator !== `${ML_DOMAIN}.ArrayFeatureExtractor` && node.operator !== 'Gather') return undefined;
  const [data = '', index = ''] = node.inputs;
  const list = model.constant(data);
  const origin = list && decisionBehind(model, index);
  if (!origin || list.shape.filter((size) => size !== 1).length > 1) return undefined;
  return finish(exactValues(list.values), origin, []);
}

/** The `ArgMax` over the columns whose result a value is. */
function decisionBehind(model: OnnxModel, value: string): OnnxNode | undefined {
  let current = value;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const node = model.producerOf(current);
    if (!node) return undefined;
    if (node.operator === 'ArgMax') {
      const axis = node.integer('axis') ?? 0;
      return axis === 1 || axis === -1 ? node : undefined;
    }
    const isInteger = node.operator === 'Cast' && INTEGERS.includes(node.integer('to') ?? 0);
    if (!RESHAPING.has(node.operator) && !isInteger) return undefined;
    current = node.inputs[0] ?? '';
  }
  return undefined;
}

function finish(
  classes: readonly ClassValue[] | undefined,
  origin: OnnxNode,
  changes: readonly ((classes: readonly ClassValue[]) => readonly ClassValue[] | undefined)[],
): ClassList | undefined {
  let final = classes;
  for (const change of changes.toReversed()) final = final && change(final);
  // Two classes of one name cannot be told apart.
  return final && final.length > 0 && new Set(final).size === final.length ? { classes: final, origin } : undefined;
}

function exactValues(values: readonly (number | bigint | string)[]): ClassValue[] | undefined {
  const classes = values.map((value) => (typeof value === 'bigint' ? exactClass(value) : value));
  return classes.every((value) => typeof value === 'string' || Number.isSafeInteger(value)) ? classes : undefined;
}

/** The classes after a conversion of their type; undefined where it changes one of them. */
function castClasses(classes: readonly ClassValue[], type: number | undefined): readonly ClassValue[] | undefined {
  if (type === TEXT) return classes.map(String);
  if (type === INT64 && classes.every(isInt64)) return classes.map((value) => exactClass(BigInt(value)));
  const numbers = classes.map((value) => (typeof value === 'number' || DECIMAL.test(value) ? Number(value) : NaN));
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  if (type === BOOLEAN) return numbers.every((value) => value === 0 || value === 1) ? numbers : undefined;
  if (FLOATS.includes(type ?? 0))
    return numbers.every((value) => Math.abs(value) <= MAX_FLOAT_INTEGER) ? numbers : undefined;
  return INTEGERS.includes(type ?? 0) ? numbers : undefined;
}

function isInt64(value: ClassValue): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return DECIMAL.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

interface Mapping {
  /** The values of the keys 0, 1, 2 …; undefined for other keys. */
  readonly inOrder: readonly ClassValue[] | undefined;
  readonly apply: (classes: readonly ClassValue[]) => readonly ClassValue[] | undefined;
}

/** The mapping of a `LabelEncoder`, in each of the ways in which its versions write one. */
function mappingOf(node: OnnxNode): Mapping | undefined {
  const names = node.texts('classes_strings');
  const keys = names.length > 0 ? names.map((_, index) => index) : keysOf(node, 'keys');
  const values = names.length > 0 ? names : keysOf(node, 'values');
  if (!keys || values?.length !== keys.length) return undefined;
  const byKey = new Map(keys.map((key, index) => [key, values[index]!]));
  return {
    inOrder: keys.every((_, index) => byKey.has(index)) ? keys.map((_, index) => byKey.get(index)!) : undefined,
    apply: (classes) =>
      classes.every((value) => byKey.has(value)) ? classes.map((value) => byKey.get(value)!) : undefined,
  };
}

function keysOf(node: OnnxNode, side: 'keys' | 'values'): ClassValue[] | undefined {
  return (
    node.classValues(`${side}_strings`, `${side}_int64s`) ?? exactValues(node.tensor(`${side}_tensor`)?.values ?? [])
  );
}
