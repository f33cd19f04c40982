import { encodeBytes, encodeInteger } from '../../src/serving/graph/wire.js';

const IR_VERSION = 8;
/** `AttributeProto.AttributeType` */
const AttributeType = { integer: 2, text: 3, tensor: 4, integers: 7, texts: 8 };

/** An attribute: a whole number, a text, or a list of either; a tensor is encoded already. */
type Attribute = number | string | readonly (number | bigint)[] | readonly string[] | Buffer;

export interface TestNode {
  /** With its domain, if it is not the default one: `ai.onnx.ml.ZipMap`. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

interface TestGraph {
  readonly nodes: readonly TestNode[];
  /** Shapes by name; null for none. A dimension that is null has neither size nor symbol. */
  readonly inputs?: Readonly<Record<string, Shape>>;
  readonly outputs?: Readonly<Record<string, Shape>>;
  readonly initializers?: readonly Buffer[];
  readonly opset?: number;
}

type Shape = readonly (number | string | null)[] | null;

/** The bytes of an ONNX model with these operators. Inputs and outputs are declared as float tensors. */
export function onnxModel({ nodes, inputs = {}, outputs = {}, initializers = [], opset = 18 }: TestGraph): Buffer {
  const graph = [
    ...nodes.map((node) => encodeBytes(1, nodeBytes(node))),
    ...initializers.map((initializer) => encodeBytes(5, initializer)),
    ...Object.entries(inputs).map(([name, shape]) => encodeBytes(11, valueBytes(name, shape))),
    ...Object.entries(outputs).map(([name, shape]) => encodeBytes(12, valueBytes(name, shape))),
  ];
  const mlOpset = [encodeBytes(1, 'ai.onnx.ml'), encodeInteger(2, 3)];
  return Buffer.concat([
    encodeInteger(1, IR_VERSION),
    encodeBytes(8, encodeInteger(2, opset)),
    encodeBytes(8, ...mlOpset),
    encodeBytes(7, encodeBytes(2, 'test'), ...graph),
  ]);
}

/** An initializer of texts or 64-bit integers in one row. */
export function listTensor(name: string, values: readonly (number | string)[]): Buffer {
  const isText = values.some((value) => typeof value === 'string');
  return Buffer.concat([
    encodeInteger(1, values.length),
    encodeInteger(2, isText ? 8 : 7),
    ...values.map((value) => (typeof value === 'string' ? encodeBytes(6, value) : encodeLong(7, value))),
    encodeBytes(8, name),
  ]);
}

function nodeBytes({ operator, inputs, outputs, attributes = {} }: TestNode): Buffer {
  const at = operator.lastIndexOf('.');
  return Buffer.concat([
    ...inputs.map((input) => encodeBytes(1, input)),
    ...outputs.map((output) => encodeBytes(2, output)),
    encodeBytes(4, operator.slice(at + 1)),
    ...(at === -1 ? [] : [encodeBytes(7, operator.slice(0, at))]),
    ...Object.entries(attributes).map(([name, value]) => encodeBytes(5, encodeBytes(1, name), attributeBytes(value))),
  ]);
}

function attributeBytes(value: Attribute): Buffer {
  const typed = (type: keyof typeof AttributeType, ...fields: Buffer[]): Buffer => {
    return Buffer.concat([...fields, encodeInteger(20, AttributeType[type])]);
  };
  if (Buffer.isBuffer(value)) return typed('tensor', encodeBytes(5, value));
  if (typeof value === 'number') return typed('integer', encodeInteger(3, value));
  if (typeof value === 'string') return typed('text', encodeBytes(4, value));
  const items: readonly (number | bigint | string)[] = value as never;
  const isText = items.some((item) => typeof item === 'string');
  const fields = items.map((item) => (typeof item === 'string' ? encodeBytes(9, item) : encodeLong(8, item)));
  return typed(isText ? 'texts' : 'integers', ...fields);
}

/** A field with a 64-bit integer, also a negative one. */
function encodeLong(number: number, value: number | bigint): Buffer {
  const bytes = [number * 8];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function valueBytes(name: string, shape: Shape): Buffer {
  const dimensions = shape?.map((size) => {
    if (size === null) return encodeBytes(1);
    return encodeBytes(1, typeof size === 'number' ? encodeInteger(1, size) : encodeBytes(2, size));
  });
  const tensor = [encodeInteger(1, 1), ...(dimensions ? [encodeBytes(2, ...dimensions)] : [])];
  return Buffer.concat([encodeBytes(1, name), encodeBytes(2, encodeBytes(1, ...tensor))]);
}
