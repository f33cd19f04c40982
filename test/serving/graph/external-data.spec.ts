import { externalFiles } from '../../../src/serving/graph/external-data.js';
import { NotOnnxError } from '../../../src/serving/graph/wire.js';

/** A field with bytes, as Protocol Buffers write one; short ones only. */
function field(number: number, ...parts: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const tag = number * 8 + 2;
  return Buffer.concat([Buffer.from(tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  return Buffer.from(value < 128 ? [value] : [(value & 127) | 128, value >> 7]);
}

const external = (location: string) =>
  Buffer.concat([
    field(13, field(1, 'location'), field(2, location)),
    field(13, field(1, 'length'), field(2, '8')),
    Buffer.from([0x70, 1]), // data_location: EXTERNAL
  ]);
const graph = (...parts: Buffer[]) => field(7, ...parts);

describe('externalFiles', () => {
  it('lists the files of the initializers of the main graph, each once', () => {
    const model = graph(
      field(5, external('a.bin')),
      field(5, field(9, 'raw')),
      field(5, external('b/c.bin')),
      field(5, external('a.bin')),
    );
    expect(externalFiles(Buffer.concat([Buffer.from([8, 9]), model]))).toEqual(['a.bin', 'b/c.bin']);
    expect(externalFiles(graph(field(5, field(9, 'raw'))))).toEqual([]);
  });

  const attribute = (...parts: Buffer[]) => field(1, field(5, ...parts));
  it.each([
    ['the tensor attribute of an operator', graph(attribute(field(5, external('a.bin'))))],
    ['a list of tensors of an operator', graph(attribute(field(10, external('a.bin'))))],
    ['the subgraph of an operator', graph(attribute(field(6, field(5, external('a.bin')))))],
    ['a list of subgraphs of an operator', graph(attribute(field(11, field(5, external('a.bin')))))],
    ['a sparse initializer', graph(field(15, field(1, external('a.bin'))))],
    ['a function', Buffer.concat([graph(), field(25, field(7, field(5, field(5, external('a.bin')))))])],
    ['training information', Buffer.concat([graph(), field(20, field(1, field(5, external('a.bin'))))])],
  ])('refuses external data in %s', (_, model) => {
    expect(() => externalFiles(model)).toThrow(/kept in "a.bin", which cannot be carried; keep them in the model/);
  });

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['text', Buffer.from('this is not a model')],
    ['a message without a graph', field(1, 'x')],
    ['a truncated model', graph(field(5, external('a.bin'))).subarray(0, 20)],
    ['a malformed graph', graph(Buffer.from([0xff]))],
    ['a varint without an end', Buffer.concat([graph(), Buffer.alloc(12, 0xff)])],
    ['a group', Buffer.concat([graph(), Buffer.from([0x0b])])],
    ['a truncated number', Buffer.concat([graph(), Buffer.from([0x09, 1])])],
  ])('refuses bytes that are no ONNX model: %s', (_, bytes) => {
    expect(() => externalFiles(bytes)).toThrow(NotOnnxError);
  });

  it('refuses graphs that are nested too deeply', () => {
    const nested = (levels: number) =>
      graph(Array.from({ length: levels }).reduce<Buffer>((inner) => attribute(field(6, inner)), Buffer.alloc(0)));
    expect(externalFiles(nested(30))).toEqual([]);
    expect(() => externalFiles(nested(40))).toThrow(NotOnnxError);
  });
});
