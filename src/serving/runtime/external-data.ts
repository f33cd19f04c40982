/** The bytes are not a whole ONNX model. */
export class NotOnnxError extends Error {}

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
  if (!fieldsOf(model).some(({ number }) => number === GRAPH_OF_MODEL)) throw new NotOnnxError(NOT_ONNX);
  const files = new Set<string>();
  collect(model, 'model', 0, files);
  return [...files];
}

const NOT_ONNX = 'the file is not an ONNX model, or not all of one';

function collect(message: Buffer, kind: MessageKind, depth: number, files: Set<string>): void {
  if (depth > MAX_DEPTH) throw new NotOnnxError(NOT_ONNX);
  for (const { number, bytes } of fieldsOf(message)) {
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
  const fields = fieldsOf(pair);
  const text = (wanted: number): string => fields.findLast(({ number }) => number === wanted)?.bytes.toString() ?? '';
  return text(KEY) === 'location' ? text(VALUE) : undefined;
}

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The length-delimited fields of a Protocol Buffers message: strings, messages and packed numbers. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at);
    const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
    at = tag.end;
    if (wireType === 2) {
      const length = readVarint(message, at);
      const end = length.end + length.value;
      if (end > message.length) throw new NotOnnxError(NOT_ONNX);
      fields.push({ number, bytes: message.subarray(length.end, end) });
      at = end;
    } else at = endOfNumber(message, at, wireType);
  }
  return fields;
}

function endOfNumber(message: Buffer, at: number, wireType: number): number {
  if (wireType === 0) return readVarint(message, at).end;
  const end = at + (wireType === 1 ? 8 : 4);
  if ((wireType !== 1 && wireType !== 5) || end > message.length) throw new NotOnnxError(NOT_ONNX);
  return end;
}

/** Reads a varint of up to ten bytes; exact to 2^53, which lengths and field numbers do not exceed. */
function readVarint(message: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 10; at += 1) {
    const byte = message[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new NotOnnxError(NOT_ONNX);
}
