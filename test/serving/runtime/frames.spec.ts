import fc from 'fast-check';
import {
  decodeTensors,
  encodeFrame,
  encodeTensors,
  FrameReader,
  type Frame,
} from '../../../src/serving/runtime/frames.js';
import type { Tensor } from '../../../src/serving/signature/tensor.js';

const float32s = fc.float32Array().map((data) => ({ type: 'float32' as const, data }));
const int64s = fc.bigInt64Array().map((data) => ({ type: 'int64' as const, data }));
const bools = fc.uint8Array({ max: 1 }).map((data) => ({ type: 'bool' as const, data }));
/** Around the lengths from which texts are written by the runtime, and their lengths are no ASCII. */
const ascii = fc.integer({ min: 0, max: 140 }).map((length) => 'aZ\x7f '.repeat(35).slice(0, length));
const strings = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme' }), ascii))
  .map((data) => ({ type: 'string' as const, data }));
const tensors = fc.array(
  fc
    .tuple(fc.string({ maxLength: 20 }), fc.oneof(float32s, int64s, bools, strings))
    .map(([name, { type, data }]): Tensor => ({ name, type, shape: [data.length, 1], data })),
  { maxLength: 5 },
);

describe('frames', () => {
  it('carry tensors of every element type unchanged', () => {
    fc.assert(
      fc.property(tensors, (sent) => {
        expect(decodeTensors(payloadOf(encoded([sent])))).toEqual(sent);
      }),
    );
  });

  it('concatenate the tensors of several callers', () => {
    const first: Tensor[] = [
      { name: 'x', type: 'float32', shape: [1, 2], data: new Float32Array([1, 2]) },
      { name: 'word', type: 'string', shape: [1], data: ['é'] },
    ];
    const second: Tensor[] = [
      { name: 'x', type: 'float32', shape: [2, 2], data: new Float32Array([3, 4, 5, 6]) },
      { name: 'word', type: 'string', shape: [2], data: ['', 'tea'] },
    ];
    expect(decodeTensors(payloadOf(encoded([first, second])))).toEqual([
      { name: 'x', type: 'float32', shape: [3, 2], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
      { name: 'word', type: 'string', shape: [3], data: ['é', '', 'tea'] },
    ]);
  });

  it('are decoded in place, or copied where they are not aligned', () => {
    const sent: Tensor[] = [{ name: 'n', type: 'int64', shape: [3], data: new BigInt64Array([1n, -2n, 3n]) }];
    const payload = payloadOf(encoded([sent]));
    const [inPlace] = decodeTensors(payload);
    expect((inPlace!.data as BigInt64Array).buffer).toBe(payload.buffer);
    const elsewhere = Buffer.alloc(payload.length + 1).subarray(1);
    elsewhere.set(payload);
    expect(decodeTensors(elsewhere)).toEqual(sent);
  });

  it('contain no uninitialized memory', () => {
    const odd = (length: number): Tensor => ({
      name: 'odd',
      type: 'bool',
      shape: [length],
      data: new Uint8Array(length).fill(1),
    });
    const sent = [odd(3), odd(70_001)];
    const allocate = jest.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => Buffer.alloc(size, 0xff));
    const [frame, text] = [encoded([sent]), encodeFrame(1, 1, Buffer.from('text'))];
    allocate.mockRestore();
    expect(frame).toEqual(encoded([sent]));
    expect([...frame, ...text]).not.toContain(0xff);
  });

  it.each([16_383, 16_384, 16_385, 16_388, 16_391])('follow one another after a tensor of %i bytes', (bytes) => {
    const large: Tensor = { name: 'x', type: 'uint8', shape: [bytes], data: new Uint8Array(bytes).fill(7) };
    const word: Tensor = { name: 'word', type: 'string', shape: [1], data: ['tea'] };
    const found: Frame[] = [];
    const reader = new FrameReader((frame) => found.push(frame));
    for (const tensors of [[large, word], [word, large], [large, large], [word]]) {
      for (const piece of encodeTensors(2, 1, [tensors])) reader.push(Buffer.from(piece));
    }
    expect(found.map(({ payload }) => decodeTensors(payload).map(({ name }) => name))).toEqual([
      ['x', 'word'],
      ['word', 'x'],
      ['x', 'x'],
      ['word'],
    ]);
  });

  it('do not copy the elements of large tensors', () => {
    const large = (length: number): Tensor => ({
      name: 'x',
      type: 'bool',
      shape: [length],
      data: new Uint8Array(length).fill(1),
    });
    const small: Tensor = { name: 'y', type: 'float32', shape: [1], data: Float32Array.of(7) };
    const [first, second] = [large(70_001), large(3)];
    const pieces = encodeTensors(2, 1, [
      [first, small],
      [second, small],
    ]);
    const isView = ({ data }: Tensor) => pieces.some(({ buffer }) => buffer === (data as Uint8Array).buffer);
    expect([isView(first), isView(second), isView(small)]).toEqual([true, true, false]);
    expect(decodeTensors(payloadOf(Buffer.concat(pieces)))).toEqual([
      { ...large(70_004), shape: [70_004] },
      { ...small, shape: [2], data: Float32Array.of(7, 7) },
    ]);
    expect(decodeTensors(payloadOf(encoded([[small, first]])))).toEqual([small, first]);
  });

  it('are read whole and in order from a stream split at any byte', () => {
    const frames = fc.array(
      fc.record({ kind: fc.integer({ min: 0, max: 255 }), id: fc.nat(), payload: fc.uint8Array() }),
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, chunkSizes) => {
        const stream = Buffer.concat(sent.map(({ kind, id, payload }) => encodeFrame(kind, id, payload)));
        const received: Frame[] = [];
        const reader = new FrameReader((frame) => received.push({ ...frame, payload: Buffer.from(frame.payload) }));
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + chunkSizes[turn % chunkSizes.length]!;
          reader.push(stream.subarray(at, end));
          at = end;
        }
        expect(received.map(({ kind, id, payload }) => ({ kind, id, payload: [...payload] }))).toEqual(
          sent.map(({ kind, id, payload }) => ({ kind, id, payload: [...payload] })),
        );
      }),
    );
  });
});

function encoded(parts: readonly (readonly Tensor[])[]): Buffer {
  return Buffer.concat(encodeTensors(2, 1, parts));
}

function payloadOf(frame: Buffer): Buffer {
  let payload: Buffer | undefined;
  new FrameReader((found) => (payload = found.payload)).push(frame);
  return payload!;
}
