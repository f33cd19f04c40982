import type { ClassValue } from '../signature/tensor.js';
import { labelClasses } from './class-lists.js';
import { encodeNode, ML_DOMAIN, type OnnxNode } from './onnx-node.js';
import { type DeclaredValue, encodeIndex, type GraphEdits, type OnnxModel } from './onnx-model.js';
import { isSame, ScoreClasses } from './score-classes.js';

/** The changes that make tensors of the same values of outputs that are none. */
export interface TensorOutputs extends GraphEdits {
  /** The classes that a removed ZipMap named, by output. */
  readonly classes: ReadonlyMap<string, readonly ClassValue[]>;
  /** The outputs that become the positive probabilities of several labels. */
  readonly multiLabel: ReadonlySet<string>;
}

interface Conversion {
  readonly output: string;
  readonly nodes: ReadonlyMap<OnnxNode, readonly Buffer[]>;
  readonly columns: number;
  /** The classes of the columns; undefined for several labels. */
  readonly classes?: readonly ClassValue[];
}

/** Initializers with the index of the positive class: a list of one, and a scalar. */
const [POSITIVES, POSITIVE] = ['barista:positives', 'barista:positive'];
const BINARY: readonly ClassValue[] = [0, 1];

/**
 * Finds the outputs for which a tensor of rows and columns holds the same values exactly: `ZipMap` names the columns of a
 * tensor, and several binary classifiers are a column each. Other outputs stay as they are.
 */
export function tensorOutputsOf(model: OnnxModel): TensorOutputs {
  const conversions = model.outputs.flatMap((output) => {
    const node = model.producerOf(output.name);
    if (!node) return [];
    return (
      zipMapOf(model, node, output.name) ?? sequenceOf(model, node, output.name) ?? forestOf(model, node, output) ?? []
    );
  });
  const multiLabel = conversions.filter(({ classes }) => !classes);
  return {
    nodes: new Map(conversions.flatMap(({ nodes }) => [...nodes])),
    outputs: new Map(conversions.map(({ output, columns }) => [output, [undefined, columns]])),
    initializers: multiLabel.length > 0 ? [encodeIndex(POSITIVES, 1, 1), encodeIndex(POSITIVE, 1, 0)] : [],
    classes: new Map(conversions.flatMap(({ output, classes }) => (classes ? [[output, classes]] : []))),
    multiLabel: new Set(multiLabel.map(({ output }) => output)),
  };
}

function zipMapOf(model: OnnxModel, node: OnnxNode, output: string): Conversion | undefined {
  if (node.operator !== `${ML_DOMAIN}.ZipMap` || isUsed(model, output)) return undefined;
  const classes = node.classValues('classlabels_strings', 'classlabels_int64s');
  if (!classes) return undefined;
  const identity = encodeNode('Identity', node.inputs.slice(0, 1), output);
  return { output, nodes: new Map([[node, [identity]]]), columns: classes.length, classes };
}

/** The classifiers of scikit-learn's `MultiOutputClassifier`, where each tells 0 from 1. */
function sequenceOf(model: OnnxModel, node: OnnxNode, output: string): Conversion | undefined {
  if (node.operator !== 'SequenceConstruct' || isUsed(model, output)) return undefined;
  const scores = new ScoreClasses(model);
  if (!node.inputs.every((part) => isSame(scores.find(part)?.classes ?? [], BINARY))) return undefined;
  const parts = node.inputs.map((_, index) => `${output}:${index}`);
  const columns = node.inputs.map((part, index) => encodeNode('Gather', [part, POSITIVES], parts[index]!, 1));
  const made = [...columns, encodeNode('Concat', parts, output, 1)];
  return { output, nodes: new Map([[node, made]]), columns: parts.length };
}

/** A forest, tree or nearest neighbours of several labels, as skl2onnx writes it: a tensor of labels, rows and classes 0 and 1. */
function forestOf(model: OnnxModel, node: OnnxNode, { name, shape }: DeclaredValue): Conversion | undefined {
  const [labels, , classes] = shape ?? [];
  if (shape?.length !== 3 || typeof labels !== 'number' || classes !== BINARY.length) return undefined;
  const isOfThese = model.outputs.some((output) => areBinaryLabels(model, output.name, labels));
  if (!isOfThese || node.outputs.length !== 1) return undefined;
  const [all, positive] = [`${name}:all`, `${name}:positive`];
  const users = model.nodes.filter(({ inputs }) => inputs.includes(name));
  const made = [
    node.renamed(name, all),
    encodeNode('Gather', [all, POSITIVE], positive, 2),
    encodeNode('Transpose', [positive], name),
  ];
  const renamed = users.map((user): [OnnxNode, Buffer[]] => [user, [user.renamed(name, all)]]);
  return { output: name, nodes: new Map([...renamed, [node, made]]), columns: labels };
}

/** Whether an output is a column for each of several labels, each of which is 0 or 1. */
function areBinaryLabels(model: OnnxModel, output: string, labels: number): boolean {
  let node = model.producerOf(output);
  while (node?.operator === 'Cast' || node?.operator === 'Identity') node = model.producerOf(node.inputs[0] ?? '');
  if (node?.operator !== 'Concat' || node.integer('axis') !== 1 || node.inputs.length !== labels) return false;
  return node.inputs.every((part) => isSame(labelClasses(model, part)?.classes ?? [], BINARY));
}

function isUsed(model: OnnxModel, value: string): boolean {
  return model.nodes.some(({ inputs }) => inputs.includes(value));
}
