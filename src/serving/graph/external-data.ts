import { fieldsOf, NotOnnxError, textIn, Wire } from './wire.js';

type MessageKind = 'model' | 'graph' | 'node' | 'attribute' | 'sparse' | 'function' | 'training' | 'tensor';

/**
 * The fields of each message that lead to tensors, by field number.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const MESSAGE_FIELDS: Readonly<Record<MessageKind, Readonly<Record<number, MessageKind>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  function: { 7: 'node', 11: 'attribute' },
  training: { 1: 'graph', 2: 'graph' },
  tensor: {},
};
const GRAPH_OF_MODEL = 7;
const EXTERNAL_DATA_OF_TENSOR = 13;
const [KEY, VALUE] = [1, 2];
/** The recursion limit of Protocol Buffers' own parsers. */
const MAX_DEPTH = 100;
/** Model, graph, initializer: ONNX Runtime accepts external data as bytes for these tensors only. */
const INITIALIZER_DEPTH = 2;

/**
 * The paths of a model's external weight files, as written in the model, each once.
 *
 * @throws NotOnnxError, or Error where a tensor other than an initializer of the main graph has external data
 */
export function externalFiles(model: Buffer): string[] {
  let hasGraph = false;
  for (const { number, wireType } of fieldsOf(model)) hasGraph ||= number === GRAPH_OF_MODEL && wireType === Wire.bytes;
  if (!hasGraph) throw new NotOnnxError();
  const files = new Set<string>();
  collect(model, 'model', 0, files);
  return [...files];
}

function collect(message: Buffer, kind: MessageKind, depth: number, files: Set<string>): void {
  if (depth > MAX_DEPTH) throw new NotOnnxError();
  for (const { number, wireType, bytes } of fieldsOf(message)) {
    if (wireType !== Wire.bytes) continue;
    const part = MESSAGE_FIELDS[kind][number];
    if (part !== undefined) collect(bytes, part, depth + 1, files);
    if (kind !== 'tensor' || number !== EXTERNAL_DATA_OF_TENSOR) continue;
    const location = locationIn(bytes);
    if (location === undefined) continue;
    if (depth > INITIALIZER_DEPTH) {
      throw new Error(
        `values inside an operator are kept in "${location}", which cannot be carried; keep them in the model`,
      );
    }
    files.add(location);
  }
}

/** The value of a `StringStringEntryProto` with the key "location". */
function locationIn(pair: Buffer): string | undefined {
  return textIn(pair, KEY) === 'location' ? (textIn(pair, VALUE) ?? '') : undefined;
}
