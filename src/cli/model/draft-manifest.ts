import {
  hasBatchDimension,
  type Feature,
  type Manifest,
  type OutputMapping,
  type Signature,
  type TensorSignature,
  unnamedDimension,
} from '../../serving/index.js';

/** An input with more columns is an array feature rather than a feature per column. */
const MAX_COLUMNS = 100;

/** Drafts a manifest from the signature alone, for the author to complete with names, units and ranges. */
export function draftManifest(signature: Signature): Manifest {
  const features = draftFeatures(signature);
  const output = draftOutput(signature);
  return { ...(features ? { features } : {}), ...(output ? { output } : {}) };
}

/** A feature for each column, or for each input without columns; undefined for inputs of variable length. */
function draftFeatures(signature: Signature): Feature[] | undefined {
  const { inputs } = signature;
  const shapes = inputs.map((tensor) => rowShapeOf(tensor, signature));
  if (shapes.some((shape) => shape.length === 1 && typeof shape[0] === 'string')) return undefined;
  const features = inputs.flatMap(({ name }, index) => columnsOf(name, shapes[index] ?? [], inputs.length === 1));
  const names = new Set(features.map((feature) => feature.name));
  return names.size === features.length && features.length > 0 ? features : undefined;
}

function columnsOf(tensor: string, shape: TensorSignature['shape'], isOnly: boolean): Feature[] {
  const [width] = shape;
  if (shape.length !== 1 || typeof width !== 'number' || width < 2 || width > MAX_COLUMNS) return [{ name: tensor }];
  return Array.from({ length: width }, (_, index) => {
    return isOnly ? { name: `feature_${index + 1}` } : { name: `${tensor}_${index + 1}`, tensor };
  });
}

/** The output mapping, if it is unambiguous: a classifier as skl2onnx exports it, or a single number. */
function draftOutput(signature: Signature): OutputMapping | undefined {
  const { outputs } = signature;
  const label = outputs.find((tensor) => isLabel(tensor, signature));
  const probabilities = outputs.find((tensor) => /prob/i.test(tensor.name) && isScores(tensor, signature));
  if (probabilities && outputs.length === (label ? 2 : 1)) {
    return { ...(label ? { label: label.name } : {}), probabilities: probabilities.name };
  }
  const [only] = outputs;
  if (!only || outputs.length > 1) return undefined;
  if (/logit/i.test(only.name) && isScores(only, signature)) return { logits: only.name };
  return isFloat(only) && isPlain(only, signature) ? { value: only.name } : undefined;
}

function isLabel(tensor: TensorSignature, signature: Signature): boolean {
  return /label/i.test(tensor.name) && /^(int64|string)$/.test(tensor.type) && isPlain(tensor, signature);
}

function isScores(tensor: TensorSignature, signature: Signature): boolean {
  return isFloat(tensor) && tensor.shape.length === 2 && !isPlain(tensor, signature);
}

function isFloat({ type }: TensorSignature): boolean {
  return type.startsWith('float');
}

/** Whether the tensor has one value for each row. */
function isPlain(tensor: TensorSignature, signature: Signature): boolean {
  const shape = rowShapeOf(tensor, signature);
  return shape.length < tensor.shape.length && (shape.length === 0 || (shape.length === 1 && shape[0] === 1));
}

/** The shape without the batch dimension. An unnamed first dimension counts as one: such a model runs one row at a time. */
function rowShapeOf(tensor: TensorSignature, signature: Signature): TensorSignature['shape'] {
  const isCounted = hasBatchDimension(tensor, signature) || tensor.shape[0] === unnamedDimension(tensor.name, 0);
  return tensor.shape.slice(isCounted ? 1 : 0);
}
