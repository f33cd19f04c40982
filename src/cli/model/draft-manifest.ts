import {
  type ClassValue,
  type ColumnHints,
  type ElementType,
  hasBatchDimension,
  inferOutput,
  type Feature,
  type Manifest,
  type Signature,
  type TensorSignature,
} from '../../serving/index.js';
import type { Row } from './loaded-version.js';

/** An input with more columns is an array feature rather than a feature per column. */
const MAX_COLUMNS = 100;
/** More categories are not listed: nobody reads such a list, or chooses from it. */
const MAX_VALUES = 200;

/** The category that skl2onnx writes for a missing text of an encoder that was fitted with NaN. */
const NAN = 'nan';
/** Probabilities of float32 may leave 0 to 1 by rounding. */
const ROUNDING = 1e-3;

/**
 * Drafts a manifest from the graph, for the author to complete with names, units and ranges.
 *
 * @param runs the outputs of trial runs by name, which tell scores from probabilities
 */
export function draftManifest(signature: Signature, runs: readonly Row[] = []): Manifest {
  const features = draftFeatures(signature);
  const output = inferOutput(signature, { mayBeProbabilities: (name) => areProbabilities(runs, name) });
  return { ...(features ? { features } : {}), ...(output ? { output } : {}) };
}

/** A feature for each column, or for each input without columns; undefined for inputs of variable length. */
function draftFeatures(signature: Signature): Feature[] | undefined {
  const { inputs } = signature;
  const shapes = inputs.map((tensor) => rowShapeOf(tensor, signature));
  if (shapes.some((shape) => shape.length === 1 && typeof shape[0] === 'string')) return undefined;
  const features = inputs.flatMap((tensor, index) => columnsOf(tensor, shapes[index] ?? [], inputs.length === 1));
  const names = new Set(features.map((feature) => feature.name));
  return names.size === features.length && features.length > 0 ? features : undefined;
}

function columnsOf(tensor: TensorSignature, shape: TensorSignature['shape'], isOnly: boolean): Feature[] {
  const { name, type, columns = [] } = tensor;
  const [width] = shape;
  const isColumn = shape.length === 0 || (shape.length === 1 && width === 1);
  if (isColumn) return [{ name, ...hintedBy(columns[0], type) }];
  if (shape.length !== 1 || typeof width !== 'number' || width < 2 || width > MAX_COLUMNS) return [{ name }];
  return Array.from({ length: width }, (_, index) => {
    const column = isOnly ? { name: `feature_${index + 1}` } : { name: `${name}_${index + 1}`, tensor: name };
    return { ...column, ...hintedBy(columns[index], type) };
  });
}

/** What the graph knows about a column: its categories, an empty one of which means a missing value, and a rule for NaN. */
function hintedBy({ categories = [], acceptsMissing = false }: ColumnHints = {}, type: ElementType): Partial<Feature> {
  const isText = type === 'string';
  const isNan = isText && !categories.includes('') && categories.includes(NAN);
  const isEmpty = (category: ClassValue): boolean =>
    category === '' || Number.isNaN(category) || (isNan && category === NAN);
  const values = categories.filter((category) => !isEmpty(category));
  const fits = values.every((value) => typeof value === (isText ? 'string' : 'number'));
  const isListed = fits && values.length > 0 && values.length <= MAX_VALUES;
  const hasEmpty = categories.some(isEmpty);
  const isNullable = isText ? hasEmpty : type.startsWith('float') && (hasEmpty || acceptsMissing);
  return {
    ...(isNullable ? { nullable: true } : {}),
    ...(isNan ? { missing: NAN } : {}),
    ...(isListed ? { values } : {}),
  };
}

/** Whether all values of an output in trial runs are probabilities; a run has the outputs of a row, by name. */
function areProbabilities(runs: readonly Row[], output: string): boolean {
  return runs.every((outputs) => {
    const value = outputs[output];
    return [value]
      .flat(Infinity)
      .every((share) => typeof share === 'number' && share >= -ROUNDING && share <= 1 + ROUNDING);
  });
}

/** The shape without the batch dimension. */
function rowShapeOf(tensor: TensorSignature, signature: Signature): TensorSignature['shape'] {
  return tensor.shape.slice(hasBatchDimension(tensor, signature) ? 1 : 0);
}
