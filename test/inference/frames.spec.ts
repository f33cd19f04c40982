import fc from 'fast-check';
import {
  decodeTensors,
  encodeFrame,
  encodeTensors,
  FrameReader,
  type Frame,
} from '../../src/inference/runtime/frames.js';
import type { Tensor } from '../../src/inference/runtime/tensor.js';

const float32s = fc.float32Array().map((data) => ({ type: 'float32' as const, data }));
const int64s = fc.bigInt64Array().map((data) => ({ type: 'int64' as const, data }));
const bools = fc.uint8Array({ max: 1 }).map((data) => ({ type: 'bool' as const, data }));
const strings = fc.array(fc.string({ unit: 'grapheme' })).map((data) => ({ type: 'string' as const, data }));
const tensors = fc.array(
  fc
    .tuple(fc.string({ maxLength: 20 }), fc.oneof(float32s, int64s, bools, strings))
    .map(([name, { type, data }]): Tensor => ({ name, type, shape: [data.length, 1], data })),
  { maxLength: 5 },
);

describe('frames', () => {
  it('carry tensors of every kind unchanged', () => {
    fc.assert(
      fc.property(tensors, (sent) => {
        expect(decodeTensors(encodeTensors(sent))).toEqual(sent);
      }),
    );
  });

  it('come whole and in order out of a stream cut anywhere', () => {
    const frames = fc.array(
      fc.record({ kind: fc.integer({ min: 0, max: 255 }), id: fc.nat(), payload: fc.uint8Array() }),
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(({ kind, id, payload }) => encodeFrame(kind, id, payload)));
        const received: Frame[] = [];
        const reader = new FrameReader((frame) => received.push({ ...frame, payload: Buffer.from(frame.payload) }));
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + cuts[turn % cuts.length]!;
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
