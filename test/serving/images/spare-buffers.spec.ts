import { SpareBuffers } from '../../../src/serving/images/spare-buffers.js';

describe('SpareBuffers', () => {
  it('gives each buffer once, to who needs exactly its size', () => {
    const spare = new SpareBuffers();
    const buffer = new ArrayBuffer(8);
    spare.give(buffer);
    expect(spare.take(4)).toBeUndefined();
    expect(spare.take(8)).toBe(buffer);
    expect(spare.take(8)).toBeUndefined();
  });

  it('keeps a limited number of bytes, of the buffers that were given last', () => {
    const spare = new SpareBuffers();
    const size = 2 ** 23;
    const buffers = Array.from({ length: 3 }, () => new ArrayBuffer(size));
    for (const buffer of buffers) spare.give(buffer);
    expect([spare.take(size), spare.take(size), spare.take(size)]).toEqual([buffers[2], buffers[1], undefined]);
    spare.give(new ArrayBuffer(2 ** 25));
    expect(spare.take(2 ** 25)).toBeUndefined();
  });
});
