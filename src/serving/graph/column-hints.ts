import type { ClassValue, ColumnHints, TensorSignature } from '../signature/tensor.js';
import { type Columns, columnsAfter, columnsAfterSplit, fillsMissing, type SourceColumn } from './column-map.js';
import { ML_DOMAIN, type OnnxNode } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** What the operators have told about one column so far. */
interface Evidence {
  /** Category lists of the encoders that read it. */
  readonly categories: (readonly ClassValue[])[];
  /** Whether an operator has a rule for NaN in it. */
  acceptsMissing: boolean;
  /** Whether an operator reads it that may have none. */
  isReadAsIs: boolean;
}

const TREES = new Set(['TreeEnsembleClassifier', 'TreeEnsembleRegressor'].map((type) => `${ML_DOMAIN}.${type}`));
const LEAST_FLOAT32 = -3.4028234663852886e38;
/** Look at the shape or for NaN, and not at the values. */
const INDIFFERENT = new Set(['Shape', 'Size', 'IsNaN']);

/**
 * The hints of the operators about the columns of the inputs: the categories that encoders know, and where NaN has a
 * meaning. An input without any has no entry.
 */
export function columnHints(model: OnnxModel, inputs: readonly TensorSignature[]): Map<string, readonly ColumnHints[]> {
  const columns = new Map<string, Columns>();
  for (const { name, shape } of inputs) {
    const width = shape.length === 1 ? 1 : shape[1];
    if (shape.length > 2 || typeof width !== 'number' || shape.length === 0) continue;
    columns.set(
      name,
      Array.from({ length: width }, (_, column) => ({ input: name, column, isOriginal: true, isFilled: false })),
    );
  }
  const collector = new EvidenceCollector(model, columns);
  for (const node of model.nodes) collector.visit(node);
  for (const { name } of model.outputs) collector.readAsIs(name);
  const hints = new Map<string, readonly ColumnHints[]>();
  for (const input of inputs) {
    const own = (columns.get(input.name) ?? []).map((_, column) => collector.hintsOf(input, column));
    if (own.some((hint) => Object.keys(hint).length > 0)) hints.set(input.name, own);
  }
  return hints;
}

/** Follows the columns from operator to operator, in the order of the graph. */
class EvidenceCollector {
  private readonly evidence = new Map<string, Evidence>();

  constructor(
    private readonly model: OnnxModel,
    private readonly columns: Map<string, Columns>,
  ) {}

  visit(node: OnnxNode): void {
    const [input = ''] = node.inputs;
    const columns = this.columns.get(input);
    const split = columns && columnsAfterSplit(node, this.model, columns);
    split?.forEach((part, index) => this.columns.set(node.outputs[index] ?? '', part));
    if (split || INDIFFERENT.has(node.operator)) return;
    const next = columnsAfter(node, this.model, (value) => this.columns.get(value) ?? this.widthOnly(value));
    if (next) this.columns.set(node.outputs[0] ?? '', next);
    if (columns && fillsMissing(node)) this.each(columns, (known) => (known.acceptsMissing = true));
    if (next) return;
    if (columns && this.readCategories(node, columns)) return;
    if (columns && knowsMissing(node)) {
      this.each(columns, (known) => (known.acceptsMissing = true));
      return;
    }
    if (this.replacesMissing(node)) return;
    for (const value of node.inputs) this.readAsIs(value);
  }

  /** Notes that NaN in these columns reaches something that may have no rule for it. */
  readAsIs(value: string): void {
    this.each(this.columns.get(value) ?? [], (known, { isFilled }) => (known.isReadAsIs ||= !isFilled));
  }

  hintsOf({ name, type }: TensorSignature, column: number): ColumnHints {
    const known = this.evidence.get(`${column}:${name}`);
    const [categories, ...others] = known?.categories ?? [];
    const isOne = categories !== undefined && others.every((other) => other.join('\n') === categories.join('\n'));
    const isOfType = categories?.every((value) => (typeof value === 'string') === (type === 'string'));
    const hasEmptyText = isOne && isOfType === true && categories.includes('');
    const acceptsMissing = known?.acceptsMissing === true && !known.isReadAsIs;
    return {
      ...(isOne && isOfType ? { categories } : {}),
      ...(acceptsMissing || hasEmptyText ? { acceptsMissing: true } : {}),
    };
  }

  /** Notes the categories of an encoder. @returns whether it is one */
  private readCategories(node: OnnxNode, columns: Columns): boolean {
    const categories = categoriesOf(node);
    if (categories) {
      this.each(columns, (known, { isOriginal }) => {
        if (isOriginal) known.categories.push(categories);
      });
      this.readAsIs(node.inputs[0] ?? '');
    }
    return categories !== undefined;
  }

  /** `Where(IsNaN(x), something, x)`: the columns of x stay, with something in the place of NaN. */
  private replacesMissing(node: OnnxNode): boolean {
    const [condition = '', , otherwise = ''] = node.inputs;
    const test = node.operator === 'Where' ? this.model.producerOf(condition) : undefined;
    const columns = this.columns.get(otherwise);
    if (test?.operator !== 'IsNaN' || test.inputs[0] !== otherwise || !columns) return false;
    this.each(columns, (known) => (known.acceptsMissing = true));
    this.columns.set(
      node.outputs[0] ?? '',
      columns.map((column) => column && { ...column, isFilled: true }),
    );
    return true;
  }

  /** The columns of an encoder's output are none of an input, but their number is known. */
  private widthOnly(value: string): Columns | undefined {
    const node = this.model.producerOf(value);
    const width = node?.operator === `${ML_DOMAIN}.OneHotEncoder` ? categoriesOf(node)?.length : undefined;
    return width === undefined ? undefined : new Array<undefined>(width).fill(undefined);
  }

  private each(columns: Columns, note: (known: Evidence, column: SourceColumn) => void): void {
    for (const column of columns) {
      if (!column) continue;
      const key = `${column.column}:${column.input}`;
      const known = this.evidence.get(key) ?? { categories: [], acceptsMissing: false, isReadAsIs: false };
      this.evidence.set(key, known);
      note(known, column);
    }
  }
}

/**
 * Whether an ensemble of trees was trained with missing values: a node sends NaN the way of its condition, or splits at the
 * least of all numbers, for which CatBoost takes NaN. Its other nodes have a way for NaN, too.
 */
function knowsMissing(node: OnnxNode): boolean {
  if (!TREES.has(node.operator)) return false;
  if (node.integers('nodes_missing_value_tracks_true').some((tracks) => tracks === 1n)) return true;
  return node.floats('nodes_values').some((value) => value <= LEAST_FLOAT32);
}

/** The categories of an encoder, in its own order; undefined for other operators. */
function categoriesOf(node: OnnxNode): readonly ClassValue[] | undefined {
  switch (node.operator) {
    case `${ML_DOMAIN}.OneHotEncoder`:
      return node.classValues('cats_strings', 'cats_int64s');
    case `${ML_DOMAIN}.LabelEncoder`:
      return node.classValues('keys_strings', 'keys_int64s') ?? node.classValues('classes_strings');
    case `${ML_DOMAIN}.CategoryMapper`:
      return node.classValues('cats_strings');
    default:
      return undefined;
  }
}
