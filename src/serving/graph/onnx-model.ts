import { type ConstantTensor, readConstant } from './constant-tensor.js';
import { OnnxNode } from './onnx-node.js';
import { encodeBytes, encodeInteger, fieldsOf, integersIn, messageIn, NotOnnxError, textIn, Wire } from './wire.js';

/** Field numbers of the messages in a model's file. */
const MODEL = { producer: 2, graph: 7, opset: 8 };
const OPSET = { domain: 1, version: 2 };
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 };
const TENSOR = { dimension: 1, type: 2, int64: 7, name: 8 };
const VALUE = { name: 1, type: 2 };
const TENSOR_OF_TYPE = 1;
const TENSOR_TYPE = { element: 1, shape: 2 };
const DIMENSION_OF_SHAPE = 1;
const DIMENSION = { value: 1, symbol: 2 };
/** `TensorProto.DataType` */
const [FLOAT, INT64] = [1, 7];
/** Where a model imports no operators of the default domain, and one is added. */
const DEFAULT_OPSET = 13;

/** What a file declares about an input or output of the graph. */
export interface DeclaredValue {
  readonly name: string;
  readonly isTensor: boolean;
  /** A number, a symbol, or undefined for a dimension without either; the whole is undefined where there is no shape. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** Changes to a graph. */
export interface GraphEdits {
  /** The operators in place of one. */
  readonly nodes: ReadonlyMap<OnnxNode, readonly Buffer[]>;
  /** Outputs that become float tensors, with their shapes. */
  readonly outputs: ReadonlyMap<string, readonly (number | string | undefined)[]>;
  /** Further initializers, encoded. */
  readonly initializers: readonly Buffer[];
}

/** A model's file, read as far as is needed to know what its operators are and how they are connected. */
export class OnnxModel {
  readonly producer: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  private readonly graph: Buffer;
  private readonly opsets: ReadonlyMap<string, number>;
  private readonly producers = new Map<string, OnnxNode>();
  private readonly initializers = new Map<string, Buffer>();

  /** @throws NotOnnxError */
  constructor(private readonly bytes: Buffer) {
    const graph = messageIn(bytes, MODEL.graph);
    if (!graph) throw new NotOnnxError();
    this.graph = graph;
    this.producer = textIn(bytes, MODEL.producer) ?? '';
    this.opsets = opsetsOf(bytes);
    const nodes: OnnxNode[] = [];
    const [inputs, outputs]: [DeclaredValue[], DeclaredValue[]] = [[], []];
    for (const { number, wireType, bytes: part } of fieldsOf(graph)) {
      if (wireType !== Wire.bytes) continue;
      if (number === GRAPH.node) nodes.push(new OnnxNode(part));
      else if (number === GRAPH.initializer) this.initializers.set(textIn(part, TENSOR.name) ?? '', part);
      else if (number === GRAPH.input) inputs.push(declaredValue(part));
      else if (number === GRAPH.output) outputs.push(declaredValue(part));
    }
    for (const node of nodes) for (const output of node.outputs) if (output !== '') this.producers.set(output, node);
    this.nodes = nodes;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** The operator that computes a value; undefined for inputs and initializers. */
  producerOf(value: string): OnnxNode | undefined {
    return this.producers.get(value);
  }

  /** The value, if it is a constant and small. */
  constant(value: string): ConstantTensor | undefined {
    const initializer = this.initializers.get(value);
    if (initializer) return readConstant(initializer);
    const node = this.producers.get(value);
    if (node?.operator !== 'Constant') return undefined;
    if (node.has('value')) return node.tensor('value');
    const list = [node.integers('value_ints').map(Number), node.texts('value_strings')].find(
      ({ length }) => length > 0,
    );
    if (list) return { shape: [list.length], values: list };
    const single = node.integer('value_int') ?? node.text('value_string') ?? node.float('value_float');
    return single === undefined ? undefined : { shape: [], values: [single] };
  }

  isConstant(value: string): boolean {
    return this.initializers.has(value) || this.producers.get(value)?.operator === 'Constant';
  }

  /** The version of the operators of a domain; undefined where the model imports none. */
  opset(domain = ''): number | undefined {
    return this.opsets.get(domain);
  }

  /** The file with these changes. */
  edited({ nodes, outputs, initializers }: GraphEdits): Buffer {
    const graph: Buffer[] = [];
    let index = 0;
    for (const { number, wireType, bytes, whole } of fieldsOf(this.graph)) {
      const node = number === GRAPH.node && wireType === Wire.bytes ? this.nodes[index++] : undefined;
      const replacement = node && nodes.get(node);
      const name = number === GRAPH.output && wireType === Wire.bytes ? (textIn(bytes, VALUE.name) ?? '') : undefined;
      const shape = name === undefined ? undefined : outputs.get(name);
      if (replacement) graph.push(...replacement.map((made) => encodeBytes(GRAPH.node, made)));
      else if (name !== undefined && shape) graph.push(encodeBytes(GRAPH.output, encodeFloatOutput(name, shape)));
      else graph.push(whole);
    }
    graph.push(...initializers.map((made) => encodeBytes(GRAPH.initializer, made)));
    const rest: Buffer[] = [];
    for (const { number, whole } of fieldsOf(this.bytes)) if (number !== MODEL.graph) rest.push(whole);
    const opset =
      this.opset() === undefined ? [encodeBytes(MODEL.opset, encodeInteger(OPSET.version, DEFAULT_OPSET))] : [];
    return Buffer.concat([...rest, ...opset, encodeBytes(MODEL.graph, ...graph)]);
  }
}

function opsetsOf(model: Buffer): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { number, wireType, bytes } of fieldsOf(model)) {
    if (number !== MODEL.opset || wireType !== Wire.bytes) continue;
    const domain = textIn(bytes, OPSET.domain) ?? '';
    opsets.set(domain === 'ai.onnx' ? '' : domain, Number(integersIn(bytes, OPSET.version).at(-1) ?? 0n));
  }
  return opsets;
}

function declaredValue(info: Buffer): DeclaredValue {
  const tensor = messageIn(messageIn(info, VALUE.type) ?? Buffer.alloc(0), TENSOR_OF_TYPE);
  const shape = tensor && messageIn(tensor, TENSOR_TYPE.shape);
  return { name: textIn(info, VALUE.name) ?? '', isTensor: tensor !== undefined, shape: shape && dimensionsOf(shape) };
}

function dimensionsOf(shape: Buffer): (number | string | undefined)[] {
  return [...fieldsOf(shape)]
    .filter(({ number, wireType }) => number === DIMENSION_OF_SHAPE && wireType === Wire.bytes)
    .map(({ bytes }) => {
      const [size] = integersIn(bytes, DIMENSION.value);
      return size === undefined ? textIn(bytes, DIMENSION.symbol) : Number(size);
    });
}

function encodeFloatOutput(name: string, shape: readonly (number | string | undefined)[]): Buffer {
  const dimensions = shape.map((size) => {
    const content =
      size === undefined
        ? Buffer.alloc(0)
        : typeof size === 'number'
          ? encodeInteger(DIMENSION.value, size)
          : encodeBytes(DIMENSION.symbol, size);
    return encodeBytes(DIMENSION_OF_SHAPE, content);
  });
  const tensor = [encodeInteger(TENSOR_TYPE.element, FLOAT), encodeBytes(TENSOR_TYPE.shape, ...dimensions)];
  return Buffer.concat([
    encodeBytes(VALUE.name, name),
    encodeBytes(VALUE.type, encodeBytes(TENSOR_OF_TYPE, ...tensor)),
  ]);
}

/** An encoded initializer: a 64-bit integer, as a scalar or as a list of one. */
export function encodeIndex(name: string, value: number, rank: 0 | 1): Buffer {
  return Buffer.concat([
    ...(rank === 0 ? [] : [encodeInteger(TENSOR.dimension, 1)]),
    encodeInteger(TENSOR.type, INT64),
    encodeInteger(TENSOR.int64, value),
    encodeBytes(TENSOR.name, name),
  ]);
}
