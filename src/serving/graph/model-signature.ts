import { isElementType, type Signature, type TensorSignature } from '../signature/tensor.js';
import { activationOf } from './activation.js';
import { type ClassList, labelClasses } from './class-lists.js';
import { columnHints } from './column-hints.js';
import { dimensionsOf } from './dimensions.js';
import type { DeclaredValue, OnnxModel } from './onnx-model.js';
import { ScoreClasses } from './score-classes.js';

import type { TensorOutputs } from './tensor-outputs.js';
import { valuesPerRow } from './values-per-row.js';

/** An input or output as ONNX Runtime sees it. */
export interface ValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** Inputs and outputs as ONNX Runtime sees them, after it has inferred shapes. */
export interface SessionMetadata {
  readonly inputs: readonly ValueMetadata[];
  readonly outputs: readonly ValueMetadata[];
}

/**
 * The signature of a model: what ONNX Runtime says, and what the graph tells beyond it.
 *
 * @throws Error with a message for the operator, where a value cannot be carried or given
 */
export function signatureOf(session: SessionMetadata, model: OnnxModel, converted: TensorOutputs): Signature {
  const inputs = session.inputs.map((metadata) =>
    tensorOf('input', metadata, declaredIn(model.inputs, metadata), model),
  );
  const outputs = session.outputs.map((metadata) => {
    return tensorOf('output', metadata, declaredIn(model.outputs, metadata), model);
  });
  const lists = classListsOf(outputs, model);
  const hints = columnHints(model, inputs);
  return {
    inputs: inputs.map((input) => {
      const columns = hints.get(input.name);
      return columns ? { ...input, columns } : input;
    }),
    outputs: outputs.map((output) => {
      const classes = converted.classes.get(output.name) ?? lists.get(output.name)?.classes;
      const activation = converted.multiLabel.has(output.name)
        ? 'sigmoid'
        : activationOf(model, sourceOf(output.name, model));
      return {
        ...withTrueWidth(output, model),
        ...(classes ? { classes } : {}),
        ...(activation && output.type.startsWith('float') ? { activation } : {}),
      };
    }),
  };
}

function declaredIn(values: readonly DeclaredValue[], { name }: ValueMetadata): DeclaredValue | undefined {
  return values.find((value) => value.name === name);
}

/** What a removed ZipMap has taken its values from; else the output itself. */
function sourceOf(output: string, model: OnnxModel): string {
  const node = model.producerOf(output);
  return node?.operator === 'ai.onnx.ml.ZipMap' ? (node.inputs[0] ?? output) : output;
}

function tensorOf(
  role: string,
  { name, isTensor, type = '', shape = [] }: ValueMetadata,
  declared: DeclaredValue | undefined,
  model: OnnxModel,
): TensorSignature {
  if (!isTensor) throw new Error(`${role} "${name}" is not a tensor; ${adviceFor(model.producer)}`);
  if (!isElementType(type)) throw new Error(`${role} "${name}" is of type ${type}, which cannot be carried`);
  if ([...shape, ...(declared?.shape ?? [])].includes(0)) {
    throw new Error(
      `${role} "${name}" has a dimension of 0, so that it can hold no value; export it with a dynamic dimension instead`,
    );
  }
  // For ONNX Runtime a tensor without a shape looks like a scalar.
  const hasUnknownRank = shape.length === 0 && declared?.shape?.length !== 0;
  return { name, type, shape: dimensionsOf(name, shape), ...(hasUnknownRank ? { hasUnknownRank } : {}) };
}

/** How to export without sequences and maps, by the exporter that has written the file. */
function adviceFor(producer: string): string {
  if (/skl2onnx/i.test(producer)) {
    return 'export the model without it (skl2onnx: options={id(model): {"zipmap": False}}), and a MultiOutputClassifier of more than the classes 0 and 1 as one model for each target';
  }
  if (/onnxmltools/i.test(producer))
    return 'export the model with zipmap=False (convert_lightgbm(model, zipmap=False))';
  if (/catboost/i.test(producer)) {
    return 'CatBoost has no option against it: cut the graph before its last operator (onnx.utils.extract_model)';
  }
  return 'return tensors from the model instead of sequences, dictionaries and optional values';
}

/**
 * The class lists of labels and scores. Both are of one decision where both are known; a list of scores that belongs to
 * another decision than the label says nothing.
 */
function classListsOf(outputs: readonly TensorSignature[], model: OnnxModel): Map<string, ClassList> {
  const lists = new Map<string, ClassList>();
  const finder = new ScoreClasses(model);
  const labels = outputs.filter((output) => isLabel(output));
  for (const { name } of labels) {
    const list = labelClasses(model, name);
    if (list) lists.set(name, list);
  }
  for (const output of outputs) {
    const list = output.type.startsWith('float') ? finder.find(output.name) : undefined;
    const width = output.shape.at(-1);
    if (!list || (typeof width === 'number' && width !== list.classes.length)) continue;
    const known = labels.flatMap(({ name }) => lists.get(name) ?? []).find(({ origin }) => origin === list.origin);
    if (known) lists.set(output.name, known.classes.length === list.classes.length ? known : list);
    else if (labels.length === 0) lists.set(output.name, list);
  }
  return lists;
}

/** Whether an output can name a class: a whole number or a text for a row. */
function isLabel({ type, shape }: TensorSignature): boolean {
  return (
    (type === 'string' || /^u?int/.test(type) || type === 'bool') &&
    (shape.length < 2 || shape[1] === 1 || shape[0] === 1)
  );
}

/** Regressors are declared with one target whatever they have, and binary scores with two columns. */
function withTrueWidth(output: TensorSignature, model: OnnxModel): TensorSignature {
  const width = valuesPerRow(model, output.name);
  const [rows] = output.shape;
  if (width === undefined || rows === undefined || output.shape.length > 2) return output;
  return { ...output, shape: [rows, width] };
}
