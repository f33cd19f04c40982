import fc from 'fast-check';
import { decodeBinary, encodeBinary } from '../../src/open-inference/binary-tensors.js';
import { classify } from '../../src/open-inference/classification.js';
import { parseInferRequest } from '../../src/open-inference/infer-request.js';
import { decodeJson, encodeJson } from '../../src/open-inference/json-tensors.js';
import { ELEMENT_TYPES, type ElementType, type Signature, type Tensor } from '../../src/serving/signature/tensor.js';
import { checkTensorMetadata, checkTensorData } from '../../src/serving/signature/check-tensors.js';

const LIMITS = { rows: 1_000, elements: 10_000, textLength: 100 };
const MAX_TEXT = LIMITS.textLength;
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));

/** A tensor of any type with up to three dimensions, of any finite bit pattern. */
const anyTensor = fc
  .tuple(fc.constantFrom(...(Object.keys(ELEMENT_TYPES) as ElementType[])), fc.array(fc.nat(4), { maxLength: 3 }))
  .chain(([type, shape]) => {
    const length = shape.reduce((size, dimension) => size * dimension, 1);
    const { array } = ELEMENT_TYPES[type];
    if (array === undefined) {
      return fc
        .array(text, { minLength: length, maxLength: length })
        .map((data): Tensor => ({ name: 'x', type, shape, data }));
    }
    const bytes = length * array.BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes, ...(type === 'bool' ? { max: 1 } : {}) })
      .map((raw): Tensor => ({ name: 'x', type, shape, data: new array(new Uint8Array(raw).buffer) }));
  })
  .filter(isFinite);

function isFinite(tensor: Tensor): boolean {
  try {
    checkTensorData(tensor);
    return true;
  } catch {
    return false;
  }
}

/** The data in JSON, nested like the shape. */
function nest(items: readonly unknown[], shape: readonly number[]): unknown {
  if (shape.length <= 1) return items;
  const size = shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  return Array.from({ length: shape[0]! }, (_, row) => nest(items.slice(row * size, (row + 1) * size), shape.slice(1)));
}

function valuesOf(tensor: Tensor): unknown[] {
  if (tensor.type === 'int64' || tensor.type === 'uint64') return Array.from(tensor.data as BigInt64Array);
  return JSON.parse(encodeJson(tensor)) as unknown[];
}

describe('Tensors of the Open Inference Protocol', () => {
  it('round-trip as binary data at any offset in a body', () => {
    fc.assert(
      fc.property(anyTensor, fc.nat(9), (tensor, offset) => {
        const bytes = encodeBinary(tensor);
        const body = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]);
        const found = decodeBinary(tensor, body.subarray(offset, offset + bytes.length), MAX_TEXT);
        expect(encodeBinary({ ...tensor, data: found }).equals(bytes)).toBe(true);
        expect(found).toHaveLength(tensor.data.length);
      }),
    );
  });

  it('round-trip in JSON, flat or nested', () => {
    fc.assert(
      fc.property(anyTensor, fc.boolean(), (tensor, isNested) => {
        // A shape with a zero has no data to nest.
        const data = isNested && tensor.data.length > 0 ? nest(valuesOf(tensor), tensor.shape) : valuesOf(tensor);
        expect(encodeJson({ ...tensor, data: decodeJson(tensor, data, MAX_TEXT) })).toBe(encodeJson(tensor));
      }),
    );
  });

  it('are views of the body where they are aligned', () => {
    const body = Buffer.from(new ArrayBuffer(64));
    const claim = { name: 'x', type: 'float32', shape: [4] } as const;
    const aligned = decodeBinary(claim, body.subarray(16, 32), MAX_TEXT) as Float32Array;
    const odd = decodeBinary(claim, body.subarray(17, 33), MAX_TEXT) as Float32Array;
    expect(aligned.buffer).toBe(body.buffer);
    expect(odd.buffer).not.toBe(body.buffer);
  });

  it.each([
    ['too few bytes', 'float32', [2], Buffer.alloc(7)],
    ['too many bytes', 'int64', [1], Buffer.alloc(9)],
    ['a byte that is neither 0 nor 1', 'bool', [2], Buffer.from([1, 2])],
    ['a text that ends after the data', 'string', [1], Buffer.from('\x05\0\0\0four', 'latin1')],
    ['a truncated length', 'string', [1], Buffer.from([1, 0])],
    ['too few texts', 'string', [1_000_000_000], Buffer.from('\x01\0\0\0a', 'latin1')],
    ['invalid UTF-8', 'string', [1], Buffer.from('\x02\0\0\0\xc3\x28', 'latin1')],
    ['a NUL', 'string', [1], Buffer.from('\x01\0\0\0\0', 'latin1')],
    ['a long text', 'string', [1], Buffer.from(`\x65\0\0\0${'a'.repeat(101)}`, 'latin1')],
  ] as const)('are rejected as binary data with %s', (_, type, shape, bytes) => {
    expect(() => decodeBinary({ name: 'x', type, shape }, bytes, MAX_TEXT)).toThrow(/input "x"/);
  });

  it('are counted in binary data up to one more than the shape', () => {
    const bytes = Buffer.from('\x01\0\0\0a\x01\0\0\0b and what is no text', 'latin1');
    expect(() => decodeBinary({ name: 'x', type: 'string', shape: [1] }, bytes, MAX_TEXT)).toThrow('more than 1 texts');
  });

  it.each([
    ['a number in place of an array', 'float32', [1], 1],
    ['too few values', 'float32', [1_000_000_000], [1]],
    ['another nesting', 'float32', [2, 2], [[1], [2, 3, 4]]],
    ['incomplete nesting', 'float32', [2, 1], [[1], 2]],
    ['an array for a value', 'float32', [1], [[1]]],
    ['a text for a number', 'float32', [1], ['1']],
    ['a number out of range of float32', 'float32', [1], [1e39]],
    ['a number out of range of float16', 'float16', [1], [65_520]],
    ['a fraction', 'int32', [1], [1.5]],
    ['a number out of range of uint8', 'uint8', [1], [256]],
    ['a number out of range of int64', 'int64', [1], [2n ** 63n]],
    ['an integer that JSON parsing has rounded', 'int64', [1], [2 ** 53]],
    ['a number for a truth value', 'bool', [1], [2]],
    ['a number for a text', 'string', [1], [1]],
    ['a lone surrogate', 'string', [1], ['\ud800']],
    ['a long text', 'string', [1], ['a'.repeat(101)]],
    ['null', 'float64', [1], [null]],
  ] as const)('are rejected in JSON with %s', (_, type, shape, data) => {
    expect(() => decodeJson({ name: 'x', type, shape }, data, MAX_TEXT)).toThrow(/input "x"/);
  });

  it('are not encoded in JSON where they are not finite', () => {
    const data = Float32Array.of(1, NaN);
    expect(() => encodeJson({ name: 'x', type: 'float32', shape: [2], data })).toThrow(/request it as binary data/);
  });

  it('are classified by their top values', () => {
    const signature: Signature = {
      inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['n', 4] }],
    };
    const data = Float32Array.of(1.1, 3.3, 0.5, 2.4, 1, 5, 10, 10);
    const best = classify({ name: 'y', type: 'float32', shape: [2, 4], data }, 2, signature, ['a', 'b', 'c', 'd']);
    expect(best).toMatchObject({ type: 'string', shape: [2, 2], data: ['3.3:1:b', '2.4:3:d', '10:2:c', '10:3:d'] });
    const all = classify({ name: 'y', type: 'float32', shape: [1, 4], data: data.slice(0, 4) }, 9, signature, ['a']);
    expect(all).toMatchObject({ shape: [1, 4], data: ['3.3:1', '2.4:3', '1.1:0', '0.5:2'] });
  });

  it('are classified as by a full sort, for any number of classes', () => {
    const value = fc.integer({ min: -20, max: 20 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 60 }),
        (values, count) => {
          const signature: Signature = { inputs: [], outputs: [] };
          const data = Int32Array.from(values);
          const { data: best } = classify(
            { name: 'y', type: 'int32', shape: [data.length], data },
            count,
            signature,
            [],
          );
          const sorted = values.map((each, index) => [each, index] as const).sort(([a, i], [b, j]) => b - a || i - j);
          expect(best).toEqual(sorted.slice(0, count).map(([each, index]) => `${each}:${index}`));
        },
      ),
    );
  });
});

describe('checkTensorMetadata and checkTensorData', () => {
  const signature: Signature = {
    inputs: [
      { name: 'a', type: 'float32', shape: ['n', 'w'] },
      { name: 'b', type: 'int64', shape: ['n', 2] },
    ],
    outputs: [],
  };
  const feed = (name: string, type: ElementType, shape: number[], length = shape[0]! * shape[1]!): Tensor => ({
    name,
    type,
    shape,
    data: type === 'int64' ? new BigInt64Array(length) : new Float32Array(length),
  });
  /** As for a request: first the metadata, then the data. */
  const check = (feeds: readonly Tensor[]): void => {
    checkTensorMetadata(feeds, signature, LIMITS);
    feeds.forEach((tensor) => checkTensorData(tensor));
  };
  const a = feed('a', 'float32', [3, 5]);
  const b = feed('b', 'int64', [3, 2]);

  it('accept tensors that match the signature, also with a variable dimension of 0', () => {
    expect(() => check([b, a])).not.toThrow();
    expect(() => check([b, feed('a', 'float32', [3, 0])])).not.toThrow();
  });

  it.each([
    ['a missing input', [a], '"b" is missing'],
    ['a repeated input', [a, a, b], 'given twice'],
    ['an unknown input', [a, b, feed('c', 'float32', [1, 1])], 'no input "c"'],
    ['another type', [a, feed('b', 'float32', [3, 2])], 'must be int64'],
    ['another rank', [a, { ...b, shape: [6] }], 'must be int64 of the shape [any, 2]'],
    ['another length', [a, feed('b', 'int64', [3, 3])], 'must be int64 of the shape [any, 2]'],
    ['no rows', [feed('a', 'float32', [0, 5]), feed('b', 'int64', [0, 2])], 'must be float32'],
    ['a length below zero', [feed('a', 'float32', [3, -1], 0), b], 'must be float32'],
    ['a length of more than 32 bits', [feed('a', 'float32', [3, 2 ** 32], 0), b], 'must be float32'],
    ['a symbol of two sizes', [a, feed('b', 'int64', [2, 2])], 'The dimension "n" is 2 in "b", but 3 in "a"'],
    ['too little data', [{ ...a, data: new Float32Array(14) }, b], 'has 14 values; its shape means 15'],
    ['a value that is not finite', [{ ...a, data: new Float32Array(15).fill(NaN, 7, 8) }, b], 'its value at 7 is not'],
    ['too many values', [{ ...a, shape: [3, 5_000] }, b], 'at most 10000 values'],
    [
      'too many rows',
      [
        { ...a, shape: [1_001, 1] },
        { ...b, shape: [1_001, 2] },
      ],
      'at most 1000 rows',
    ],
  ])('reject %s', (_, feeds, message) => {
    expect(() => check(feeds as Tensor[])).toThrow(message);
  });
});

describe('A raw request', () => {
  const raw = (shape: (number | string)[], type: ElementType, body: Buffer) => {
    const signature: Signature = { inputs: [{ name: 'x', type, shape }], outputs: [{ name: 'y', type, shape: [1] }] };
    return parseInferRequest(body, '0', signature, LIMITS);
  };

  it.each([
    [['n', 4], 'float32', 32, [2, 4]],
    [['n', 'w'], 'float32', 32, [1, 8]],
    [[2, 'w'], 'uint8', 6, [2, 3]],
    [[2, 2], 'int64', 32, [2, 2]],
  ] as const)('for the signature %j of %s with %i bytes gets the shape %j', (shape, type, bytes, expected) => {
    const { feeds, outputs } = raw([...shape], type, Buffer.alloc(bytes));
    expect(feeds).toMatchObject([{ name: 'x', shape: expected }]);
    expect(outputs).toEqual([{ name: 'y', isBinary: true }]);
  });

  it('holds one text for a model of texts', () => {
    expect(raw(['n'], 'string', Buffer.from('caffè')).feeds).toMatchObject([{ shape: [1], data: ['caffè'] }]);
  });

  it.each([
    [['n', 'h', 'w'], 'float32', 32],
    [[1, 'h', 'w'], 'float32', 32],
    [['n', 'w'], 'string', 3],
    [['n', 4], 'float32', 17],
    [['n', 4], 'float32', 0],
    [[2, 2], 'float32', 12],
  ] as const)('for the signature %j of %s with %i bytes is rejected', (shape, type, bytes) => {
    expect(() => raw([...shape], type, Buffer.alloc(bytes))).toThrow(/"x"/);
  });
});
