import { type Signature, type TensorSignature, unnamedDimension } from './tensor.js';

/** How a signature whose leading dimensions have no names may be read. Trial runs decide between the readings. */
export interface RowReadings {
  /** The leading dimension of every input counts rows, and so does that of each output that may. */
  readonly shared: Signature;
  /** Only that of the first input counts rows: the others are lengths. */
  readonly apart: Signature;
  /** None counts rows: a row is a whole tensor. */
  readonly whole: Signature;
}

/** The readings of a signature; undefined where its names are clear. */
export function rowReadingsOf(signature: Signature): RowReadings | undefined {
  const { inputs, outputs } = signature;
  const named = inputs.find((tensor) => typeof tensor.shape[0] === 'string' && !isUnnamed(tensor));
  const symbol = (named ?? inputs[0])?.shape[0];
  if (typeof symbol !== 'string' || !inputs.every((tensor) => tensor.shape[0] === symbol || isUnnamed(tensor))) {
    return undefined;
  }
  const shared = {
    inputs: inputs.map((tensor) => withRows(tensor, symbol)),
    // Exporters declare one row where they mean any number.
    outputs: outputs.map((tensor) => (isUnnamed(tensor) || tensor.shape[0] === 1 ? withRows(tensor, symbol) : tensor)),
  };
  const isClear = [...inputs, ...outputs].every(({ shape }, index) => {
    return shape[0] === [...shared.inputs, ...shared.outputs][index]!.shape[0];
  });
  if (isClear && named) return undefined;
  const apart = { ...signature, batchDimension: symbol };
  return { shared, apart, whole: named ? apart : { ...signature, batchDimension: null } };
}

/** A reading in which only these outputs count rows. */
export function withRowOutputs(
  reading: Signature,
  { shared, apart }: RowReadings,
  rows: ReadonlySet<string>,
): Signature {
  const outputs = shared.outputs.map((output, index) => (rows.has(output.name) ? output : apart.outputs[index]!));
  return { ...reading, outputs };
}

function withRows(tensor: TensorSignature, symbol: string): TensorSignature {
  return { ...tensor, shape: [symbol, ...tensor.shape.slice(1)] };
}

function isUnnamed({ name, shape }: TensorSignature): boolean {
  return shape[0] === unnamedDimension(name, 0);
}
