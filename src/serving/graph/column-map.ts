import { ML_DOMAIN, type OnnxNode } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** A column of a value inside the graph that holds one column of an input. */
export interface SourceColumn {
  readonly input: string;
  readonly column: number;
  /** Whether the values are still those of the input, apart from their type. */
  readonly isOriginal: boolean;
  /** Whether an operator has put something in the place of NaN. */
  readonly isFilled: boolean;
}

/** The columns of a value; undefined for one that is not a column of an input. */
export type Columns = readonly (SourceColumn | undefined)[];

/** Leave columns where they are. */
const NEUTRAL = new Set(['Identity', 'Cast', 'Flatten', 'Dropout', `${ML_DOMAIN}.Imputer`]);
/** Change the values of each column by itself; NaN stays NaN. */
const SCALING = new Set([`${ML_DOMAIN}.Scaler`, 'Add', 'Sub', 'Mul', 'Div', 'Neg']);
/** More columns than a table of named features has: they are not followed. */
const MAX_COLUMNS = 10_000;

/**
 * The columns of an operator's first output, where it moves columns or changes each by itself.
 *
 * @param columnsOf the columns of the operator's inputs; undefined where they are not known
 */
export function columnsAfter(
  node: OnnxNode,
  model: OnnxModel,
  columnsOf: (value: string) => Columns | undefined,
): Columns | undefined {
  const [input = ''] = node.inputs;
  if (node.operator === 'Concat') return concatenated(node, columnsOf);
  const columns = columnsOf(input) ?? columnsOf(node.inputs[1] ?? '');
  if (!columns || columns.length > MAX_COLUMNS) return undefined;
  if (NEUTRAL.has(node.operator)) {
    return fillsMissing(node) ? columns.map((column) => column && { ...column, isFilled: true }) : columns;
  }
  if (SCALING.has(node.operator)) return scaled(node, model, columns);
  switch (node.operator) {
    case 'Reshape':
    case 'Squeeze':
    case 'Unsqueeze':
      return reshaped(node, model, columns);
    case `${ML_DOMAIN}.ArrayFeatureExtractor`:
      return selected(columns, indicesIn(model, node.inputs[1]));
    case 'Gather':
      return isOverColumns(node) ? selected(columns, indicesIn(model, node.inputs[1])) : undefined;
    case 'Slice':
      return sliced(node, model, columns);
    default:
      return undefined;
  }
}

/** The columns of each output of a `Split`; undefined for other operators and splits of unknown sizes. */
export function columnsAfterSplit(node: OnnxNode, model: OnnxModel, columns: Columns): readonly Columns[] | undefined {
  if (node.operator !== 'Split' || !isOverColumns(node)) return undefined;
  const given = indicesIn(model, node.inputs[1]) ?? node.integers('split').map(Number);
  const equal = Math.ceil(columns.length / node.outputs.length);
  const sizes = given.length > 0 ? given : node.outputs.map(() => equal);
  let start = 0;
  return sizes.map((size) => columns.slice(start, (start += size)));
}

/** Whether an operator replaces NaN. */
export function fillsMissing(node: OnnxNode): boolean {
  return node.operator === `${ML_DOMAIN}.Imputer` && Number.isNaN(node.float('replaced_value_float') ?? 0);
}

function concatenated(node: OnnxNode, columnsOf: (value: string) => Columns | undefined): Columns | undefined {
  if (!isOverColumns(node)) return undefined;
  const all: (SourceColumn | undefined)[] = [];
  for (const input of node.inputs) {
    const columns = columnsOf(input);
    // Behind a value of unknown width no column has a known place.
    if (!columns) break;
    all.push(...columns);
  }
  return all.length > 0 && all.length <= MAX_COLUMNS ? all : undefined;
}

function scaled(node: OnnxNode, model: OnnxModel, columns: Columns): Columns | undefined {
  const [, other] = node.inputs;
  const size = other === undefined ? 1 : model.constant(other)?.values.length;
  if (size !== 1 && size !== columns.length) return undefined;
  return columns.map((column) => column && { ...column, isOriginal: false });
}

function reshaped(node: OnnxNode, model: OnnxModel, columns: Columns): Columns | undefined {
  if (columns.length === 1) return columns;
  const shape = node.operator === 'Reshape' ? indicesIn(model, node.inputs[1]) : undefined;
  return shape?.length === 2 && shape[1] === columns.length ? columns : undefined;
}

function sliced(node: OnnxNode, model: OnnxModel, columns: Columns): Columns | undefined {
  const list = (index: number, attribute: string): readonly number[] | undefined => {
    return (
      indicesIn(model, node.inputs[index]) ?? (node.has(attribute) ? node.integers(attribute).map(Number) : undefined)
    );
  };
  const [starts, ends, axes] = [list(1, 'starts'), list(2, 'ends'), list(3, 'axes')];
  const step = indicesIn(model, node.inputs[4])?.[0] ?? 1;
  if (starts?.length !== 1 || ends?.length !== 1 || (axes?.[0] !== 1 && axes?.[0] !== -1) || step !== 1)
    return undefined;
  return columns.slice(starts[0], ends[0]);
}

function selected(columns: Columns, indices: readonly number[] | undefined): Columns | undefined {
  const found = indices?.map((index) => columns.at(index));
  return indices?.every((index) => index < columns.length && index >= -columns.length) ? found : undefined;
}

function isOverColumns(node: OnnxNode): boolean {
  const axis = node.integer('axis');
  return axis === 1 || axis === -1;
}

function indicesIn(model: OnnxModel, value: string | undefined): readonly number[] | undefined {
  if (value === undefined || value === '') return undefined;
  const values = model.constant(value)?.values;
  return values?.every((index) => typeof index === 'number') ? values : undefined;
}
