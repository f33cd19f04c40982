import type { Feature, Manifest } from '../manifest/manifest.js';
import type { ColumnHints, ElementType, Signature, TensorSignature } from './tensor.js';

/** The manifest contradicts the signature of the model. */
export class SignatureError extends Error {}

/** One named value of a row. */
export interface RowField {
  readonly name: string;
  readonly type: ElementType;
  /**
   * The lengths of nested arrays, outermost first; empty for a scalar. A string is a symbolic length, which is the same for
   * all fields of a row.
   */
  readonly shape: readonly (number | string)[];
  /** Whether any regular nesting of arrays will do. */
  readonly hasUnknownRank?: boolean;
  /** Whether a list of one value stands for the value. */
  readonly takesList?: boolean;
  /** What the graph tells about the values. */
  readonly hints?: ColumnHints;
  readonly feature: Feature;
}

/** How rows fill one input tensor. */
export interface InputPlan {
  readonly tensor: TensorSignature;
  readonly hasBatchDimension: boolean;
  /** The columns of an `[N, F]` input in order, or the one field that is the whole tensor. */
  readonly fields: readonly RowField[];
  /** The index of each of these fields in a row. */
  readonly positions: readonly number[];
}

/** The fields of a model's input rows, and the input tensors that they fill. */
export interface RowSchema {
  readonly fields: readonly RowField[];
  readonly inputs: readonly InputPlan[];
  /** Whether all rows have the same shape: no length is symbolic. */
  readonly isUniform: boolean;
}

/**
 * Derives the schema of rows from the signature and the features of the manifest.
 *
 * @throws SignatureError where the features do not fit the inputs
 */
export function rowSchemaOf(signature: Signature, { features }: Manifest): RowSchema {
  const plans = signature.inputs.map((tensor) => planInput(tensor, features, signature));
  const unused = features?.find(
    (feature) => !signature.inputs.some(({ name }) => name === tensorOf(feature, signature)),
  );
  if (unused) throw new SignatureError(`the feature "${unused.name}" belongs to no input of the model`);
  const fields = inManifestOrder(
    plans.flatMap((plan) => plan.fields),
    features,
  );
  const inputs = plans.map((plan) => ({ ...plan, positions: plan.fields.map((field) => fields.indexOf(field)) }));
  const isUniform = fields.every(({ shape, hasUnknownRank }) => {
    return !hasUnknownRank && shape.every((size) => typeof size === 'number');
  });
  return { fields, inputs, isUniform };
}

/** The symbol of the batch dimension: unless another is known, the first symbolic dimension that is the first one of an input. */
export function batchDimension({ inputs, batchDimension: known }: Signature): string | undefined {
  if (known !== undefined) return known ?? undefined;
  return inputs.map(({ shape }) => shape[0]).find((dimension) => typeof dimension === 'string');
}

/** Whether the first dimension of a tensor is the batch dimension: its symbol, or 1 for one row at a time. */
export function hasBatchDimension({ shape }: TensorSignature, signature: Signature): boolean {
  return shape[0] === 1 || (shape[0] !== undefined && shape[0] === batchDimension(signature));
}

function planInput(
  tensor: TensorSignature,
  features: Manifest['features'],
  signature: Signature,
): Omit<InputPlan, 'positions'> {
  const own = features?.filter((feature) => tensorOf(feature, signature) === tensor.name) ?? [];
  if (features && own.length === 0)
    throw new SignatureError(`no feature in model.json fills the input "${tensor.name}"`);
  const isBatched = hasBatchDimension(tensor, signature);
  // The batch dimension may also be a later one, as in the state of an RNN: it is 1 for a single row.
  const symbol = batchDimension(signature);
  const rowShape = tensor.shape.slice(isBatched ? 1 : 0).map((size) => (size === symbol ? 1 : size));
  return {
    tensor,
    hasBatchDimension: isBatched,
    fields: features ? featureFields(tensor, own, rowShape) : [{ ...wholeTensor(tensor, rowShape), name: tensor.name }],
  };
}

function featureFields(tensor: TensorSignature, features: readonly Feature[], rowShape: RowField['shape']): RowField[] {
  checkFeatures(tensor, features);
  const [width] = rowShape;
  const [only] = features;
  if (only && features.length === 1 && !(rowShape.length === 1 && typeof width === 'string')) {
    return [{ ...wholeTensor(tensor, rowShape), name: only.name, feature: only }];
  }
  if (rowShape.length === 1 && (typeof width === 'string' || width === features.length)) {
    return features.map((feature, column) => {
      return { name: feature.name, type: tensor.type, shape: [], feature, ...hintsOf(tensor, column) };
    });
  }
  const expected = rowShape.length === 1 ? `${width} values` : `values of shape [${rowShape.join(', ')}]`;
  throw new SignatureError(
    `the input "${tensor.name}" takes ${expected} a row, but model.json has ${features.length} features for it`,
  );
}

/** Checks the ranges and the scaling of features against the type of their tensor. */
function checkFeatures({ name, type }: TensorSignature, features: readonly Feature[]): void {
  for (const { name: feature, minimum, maximum, mean, std } of features) {
    if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
      throw new SignatureError(`the minimum of the feature "${feature}" is greater than its maximum`);
    }
    if ((mean !== undefined || std !== undefined) && !type.startsWith('float')) {
      throw new SignatureError(`the feature "${feature}" cannot be scaled: the input "${name}" is of type ${type}`);
    }
  }
}

function wholeTensor(tensor: TensorSignature, rowShape: RowField['shape']): RowField {
  const { name, type, hasUnknownRank } = tensor;
  const feature = { name };
  if (hasUnknownRank) return { name, type, shape: [], hasUnknownRank, feature };
  const isScalar = rowShape.length === 0 || (rowShape.length === 1 && rowShape[0] === 1);
  if (isScalar) return { name, type, shape: [], takesList: true, feature, ...hintsOf(tensor, 0) };
  return { name, type, shape: rowShape, feature };
}

function hintsOf({ columns }: TensorSignature, column: number): { readonly hints?: ColumnHints } {
  const hints = columns?.[column];
  return hints ? { hints } : {};
}

function tensorOf(feature: Feature, { inputs }: Signature): string {
  return feature.tensor ?? (inputs.length === 1 ? (inputs[0]?.name ?? feature.name) : feature.name);
}

function inManifestOrder(fields: readonly RowField[], features: Manifest['features']): readonly RowField[] {
  if (!features) return fields;
  const order = new Map(features.map((feature, index) => [feature.name, index]));
  return [...fields].sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
}
