import { ModelRunFailedError } from '../serving.errors.js';
import { fromHalf } from '../signature/float16.js';
import { hasBatchDimension } from '../signature/row-schema.js';
import type { Signature, Tensor } from '../signature/tensor.js';

/** The layout of an output, known from the signature. */
export interface OutputPlan {
  readonly name: string;
  /** Without a batch dimension, every row has the whole output. */
  readonly hasBatchDimension: boolean;
  /** Whether a row's part is declared as a single value. */
  readonly isScalar: boolean;
  readonly hasUnknownRank: boolean;
  /** The declared lengths of a row's part; a string is a length that depends on the row. */
  readonly rowShape: readonly (number | string)[];
}

/** One row's part of an output: elements `start` to `end`, exclusive. */
export interface RowOutput {
  readonly plan: OutputPlan;
  readonly tensor: Tensor;
  readonly start: number;
  readonly end: number;
}

export function outputPlansFor(signature: Signature): readonly OutputPlan[] {
  return signature.outputs.map((declared) => {
    const isBatched = hasBatchDimension(declared, signature);
    const rowShape = declared.shape.slice(isBatched ? 1 : 0);
    const { name, hasUnknownRank = false } = declared;
    const isScalar = !hasUnknownRank && (rowShape.length === 0 || (rowShape.length === 1 && rowShape[0] === 1));
    return { name, hasBatchDimension: isBatched, isScalar, hasUnknownRank, rowShape };
  });
}

export function rowOutputOf(plan: OutputPlan, tensor: Tensor, row: number): RowOutput {
  const { length } = tensor.data;
  if (!plan.hasBatchDimension) return { plan, tensor, start: 0, end: length };
  const size = length / tensor.shape[0]!;
  return { plan, tensor, start: row * size, end: (row + 1) * size };
}

/** NaN behind the last element. */
export function numberAt({ tensor, start, end }: RowOutput, index: number): number {
  if (start + index >= end) return NaN;
  const element = tensor.data[start + index];
  return tensor.type === 'float16' ? fromHalf(element as number) : Number(element);
}

/** Nested arrays in the shape of the row's part; a scalar where it is declared as a single value. */
export function toJson({ plan, tensor, start }: RowOutput): unknown {
  const { type, shape, data } = tensor;
  let at = start;
  const read = (): unknown => elementToJson(data[at++]!, type);
  const lengths = plan.isScalar ? [] : shape.slice(plan.hasBatchDimension ? 1 : 0);
  const nest = (depth: number): unknown => {
    return depth === lengths.length ? read() : Array.from({ length: lengths[depth]! }, () => nest(depth + 1));
  };
  return nest(0);
}

/**
 * Requires that a run returns the values that the model declares: another number would be read at the wrong places.
 *
 * @throws ModelRunFailedError
 */
export function requireDeclaredShapes(
  plans: readonly OutputPlan[],
  outputs: readonly Tensor[],
  rowCount: number,
): void {
  for (const tensor of outputs) {
    const plan = plans.find(({ name }) => name === tensor.name);
    if (plan && !hasDeclaredShape(plan, tensor, rowCount)) {
      const declared = [...(plan.hasBatchDimension ? ['rows'] : []), ...plan.rowShape].join(', ');
      const message = `the output "${tensor.name}" is declared with the shape [${declared}], and a run of ${rowCount} returned [${tensor.shape.join(', ')}]`;
      throw new ModelRunFailedError(new Error(message));
    }
  }
}

function hasDeclaredShape(plan: OutputPlan, { shape, data }: Tensor, rowCount: number): boolean {
  const { rowShape, hasBatchDimension: hasRows, hasUnknownRank } = plan;
  if (hasUnknownRank) return true;
  if (hasRows && shape[0] !== rowCount) return false;
  let size = hasRows ? rowCount : 1;
  for (const length of rowShape) {
    // With a length that depends on the row, only the fixed lengths can be compared.
    if (typeof length === 'string') return hasFixedLengths(rowShape, shape.slice(hasRows ? 1 : 0));
    size *= length;
  }
  return data.length === size;
}

function hasFixedLengths(declared: OutputPlan['rowShape'], actual: readonly number[]): boolean {
  if (declared.length !== actual.length) return false;
  return declared.every((length, index) => typeof length === 'string' || length === actual[index]);
}

/** Integers beyond 2^53 stay bigints, which the response writes with all digits. */
function elementToJson(element: number | bigint | string, type: Tensor['type']): unknown {
  if (type === 'bool') return Boolean(element);
  if (type === 'float16') return fromHalf(element as number);
  if (typeof element !== 'bigint') return element;
  const number = Number(element);
  return Number.isSafeInteger(number) ? number : element;
}
