import { parseInferHeaderCached } from '../../src/open-inference/header-cache.js';
import { parseInferHeader } from '../../src/open-inference/infer-header.js';
import { parseInferRequest } from '../../src/open-inference/infer-request.js';
import type { Signature } from '../../src/serving/signature/tensor.js';

const LIMITS = { rows: 1_000, elements: 10_000, textLength: 100 };
const OUTPUT = { name: 'y', type: 'float32', shape: ['n'] } as const;

/** Each test has a signature of its own, because headers are cached by signature. */
const signatureOf = (width: number): Signature => {
  return { inputs: [{ name: 'x', type: 'float32', shape: ['n', width] }], outputs: [OUTPUT] };
};

const headerOf = (input: object, rest: object = {}): string => {
  return JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], ...input }], ...rest });
};
const BINARY = { parameters: { binary_data_size: 8 } };

function parse(header: string, values: readonly number[], signature: Signature) {
  const body = Buffer.concat([Buffer.from(header), Buffer.from(Float32Array.from(values).buffer)]);
  return parseInferRequest(body, String(Buffer.byteLength(header)), signature, LIMITS);
}

function parseCached(header: string, signature: Signature) {
  return parseInferHeaderCached(Buffer.from(`${header}....`), Buffer.byteLength(header), signature, LIMITS);
}

describe('parseInferHeaderCached', () => {
  it('parses the same header once', () => {
    const signature = signatureOf(2);
    const first = parseCached(headerOf(BINARY), signature);
    expect(parseCached(headerOf(BINARY), signature)).toBe(first);
    expect(first).toEqual(parseInferHeader(Buffer.from(headerOf(BINARY)), signature, LIMITS));
  });

  it('keeps the tensors of requests with the same header apart', () => {
    const signature = signatureOf(2);
    // Headers of different lengths put the tensors at every misaligned offset.
    const first = [1, 2, 3, 4, 5].map((value) => {
      return parse(headerOf(BINARY, { note: 'x'.repeat(value) }), [value, -value], signature);
    });
    const again = [6, 7].map((value) => parse(headerOf(BINARY), [value, -value], signature));
    const values = [...first, ...again].map(({ feeds }) => Array.from(feeds[0]!.data as Float32Array));
    expect(values).toEqual([1, 2, 3, 4, 5, 6, 7].map((value) => [value, -value]));
  });

  it('still checks the size and the values of the binary data', () => {
    const signature = signatureOf(2);
    parse(headerOf(BINARY), [1, 2], signature);
    expect(() => parse(headerOf(BINARY), [1], signature)).toThrow('4 bytes follow the JSON');
    expect(() => parse(headerOf(BINARY), [1, NaN], signature)).toThrow('must be finite; its value at 1 is not');
  });

  it('parses a header anew for another model, and does not cache errors', () => {
    parse(headerOf(BINARY), [1, 2], signatureOf(2));
    const other = signatureOf(3);
    const parseForOther = () => parse(headerOf(BINARY), [1, 2], other);
    expect(parseForOther).toThrow('must be float32 of the shape');
    expect(parseForOther).toThrow('must be float32 of the shape');
  });

  it.each([
    ['an id', headerOf(BINARY, { id: 'a' })],
    ['data', headerOf({ data: [1, 2] })],
    ['more than a kilobyte', headerOf(BINARY, { note: 'x'.repeat(1_024) })],
  ])('does not cache a header with %s', (_, header) => {
    const signature = signatureOf(2);
    expect(parseCached(header, signature)).not.toBe(parseCached(header, signature));
  });

  it('clears the cache when it is full', () => {
    const signature = signatureOf(2);
    const first = parseCached(headerOf(BINARY), signature);
    for (let note = 0; note < 64; note += 1) parseCached(headerOf(BINARY, { note }), signature);
    expect(parseCached(headerOf(BINARY), signature)).not.toBe(first);
  });
});
