import { parseInferHeaderCached } from '../../src/open-inference/header-cache.js';
import { parseInferHeader } from '../../src/open-inference/infer-header.js';
import { parseInferRequest } from '../../src/open-inference/infer-request.js';
import type { Signature } from '../../src/serving/signature/tensor.js';

const LIMITS = { rows: 1_000, elements: 10_000, textLength: 100 };
const OUTPUT = { name: 'y', type: 'float32', shape: ['n'] } as const;

/** One of its own for each test: what is kept is kept by signature. */
const signatureOf = (width: number): Signature => {
  return { inputs: [{ name: 'x', type: 'float32', shape: ['n', width] }], outputs: [OUTPUT] };
};

const headOf = (input: object, rest: object = {}): string => {
  return JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], ...input }], ...rest });
};
const BINARY = { parameters: { binary_data_size: 8 } };

function ask(head: string, values: readonly number[], signature: Signature) {
  const body = Buffer.concat([Buffer.from(head), Buffer.from(Float32Array.from(values).buffer)]);
  return parseInferRequest(body, String(Buffer.byteLength(head)), signature, LIMITS);
}

function recall(head: string, signature: Signature) {
  return parseInferHeaderCached(Buffer.from(`${head}....`), Buffer.byteLength(head), signature, LIMITS);
}

describe('the JSON before binary tensors', () => {
  it('is read once for as many requests as begin with it', () => {
    const signature = signatureOf(2);
    const first = recall(headOf(BINARY), signature);
    expect(recall(headOf(BINARY), signature)).toBe(first);
    expect(first).toEqual(parseInferHeader(Buffer.from(headOf(BINARY)), signature, LIMITS));
  });

  it('has each request keep the values of its own', () => {
    const signature = signatureOf(2);
    // One byte more, so that the tensors stand at every place that is not aligned.
    const asked = [1, 2, 3, 4, 5].map((value) => {
      return ask(headOf(BINARY, { note: 'x'.repeat(value) }), [value, -value], signature);
    });
    const again = [6, 7].map((value) => ask(headOf(BINARY), [value, -value], signature));
    const values = [...asked, ...again].map(({ feeds }) => Array.from(feeds[0]!.data as Float32Array));
    expect(values).toEqual([1, 2, 3, 4, 5, 6, 7].map((value) => [value, -value]));
  });

  it('still tells how many bytes have to follow, and that they have to be finite', () => {
    const signature = signatureOf(2);
    ask(headOf(BINARY), [1, 2], signature);
    expect(() => ask(headOf(BINARY), [1], signature)).toThrow('4 bytes follow the JSON');
    expect(() => ask(headOf(BINARY), [1, NaN], signature)).toThrow('must be finite; its value at 1 is not');
  });

  it('is read anew for another model, and refused each time where it is wrong', () => {
    ask(headOf(BINARY), [1, 2], signatureOf(2));
    const other = signatureOf(3);
    const askAgain = () => ask(headOf(BINARY), [1, 2], other);
    expect(askAgain).toThrow('must be float32 of the shape');
    expect(askAgain).toThrow('must be float32 of the shape');
  });

  it.each([
    ['an id', headOf(BINARY, { id: 'a' })],
    ['data', headOf({ data: [1, 2] })],
    ['more than a kilobyte', headOf(BINARY, { note: 'x'.repeat(1_024) })],
  ])('is not kept with %s', (_, head) => {
    const signature = signatureOf(2);
    expect(recall(head, signature)).not.toBe(recall(head, signature));
  });

  it('is forgotten with others once there are many', () => {
    const signature = signatureOf(2);
    const first = recall(headOf(BINARY), signature);
    for (let note = 0; note < 64; note += 1) recall(headOf(BINARY, { note }), signature);
    expect(recall(headOf(BINARY), signature)).not.toBe(first);
  });
});
