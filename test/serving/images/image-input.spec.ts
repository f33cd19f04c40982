import { imageInputOf, signatureWithImage } from '../../../src/serving/images/image-input.js';
import { normalizePixels } from '../../../src/serving/images/normalize-pixels.js';
import { parseManifest } from '../../../src/serving/manifest/read-manifest.js';
import { preprocessorFor } from '../../../src/serving/pipeline/preprocess.js';
import type { ElementType, Signature } from '../../../src/serving/signature/tensor.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';
import { RowCheck } from '../../../src/serving/signature/row-check.js';
import { RowValidator } from '../../../src/serving/signature/row-validator.js';

const SIZE = { width: 2, height: 1 };

function signatureOf(shape: (number | string)[], type: ElementType = 'float32'): Signature {
  return { inputs: [{ name: 'x', type, shape }], outputs: [] };
}

/** Reads a manifest as the load of a model with this signature does. */
function load(signature: Signature, image: object, more: object = {}) {
  const manifest = parseManifest(JSON.stringify({ input: { image }, ...more }));
  const schema = rowSchemaOf(signatureWithImage(signature, manifest), manifest);
  return { schema, input: imageInputOf(schema, manifest)! };
}

describe('input.image of a manifest', () => {
  it.each([
    ['without a height', { width: 2 }, "input.image must have required property 'height'"],
    ['with half a pixel', { ...SIZE, width: 1.5 }, 'input.image.width must be integer'],
    ['with two channels', { ...SIZE, channels: 2 }, 'input.image.channels must be one of 1, 3'],
    ['with another layout', { ...SIZE, layout: 'CHW' }, 'input.image.layout must be one of NCHW, NHWC'],
    ['with a standard deviation of zero', { ...SIZE, std: 0 }, 'input.image.std must be > 0'],
    ['with a standard deviation of zero in one channel', { ...SIZE, std: [1, 0, 1] }, 'input.image.std.1 must be > 0'],
    ['with an unknown key', { ...SIZE, crop: true }, 'input.image has an unknown key "crop"'],
  ])('is refused %s', (_, image, words) => {
    expect(() => parseManifest(JSON.stringify({ input: { image } }))).toThrow(words);
  });

  it.each([
    ['another size', signatureOf(['n', 3, 4, 4]), SIZE, 'an input of the shape [N, 3, 1, 2]; "x" has [n, 3, 4, 4]'],
    ['the other layout', signatureOf(['n', 1, 2, 3]), SIZE, 'an input of the shape [N, 3, 1, 2]'],
    ['two dimensions', signatureOf(['n', 6]), SIZE, 'an input of the shape [N, 3, 1, 2]'],
    ['a fixed batch of two', signatureOf([2, 3, 1, 2]), SIZE, 'an input of the shape [N, 3, 1, 2]'],
    ['integers', signatureOf(['n', 3, 1, 2], 'uint8'), SIZE, 'an input of type float32 or float16; "x" is uint8'],
    ['means for two channels', signatureOf(['n', 3, 1, 2]), { ...SIZE, mean: [0, 0] }, 'one for each of 3 channels'],
  ])('is refused for a model with %s', (_, signature, image, words) => {
    expect(() => load(signature, image)).toThrow(words);
  });

  it('is refused for a model with two inputs', () => {
    const inputs = ['x', 'y'].map((name) => ({ name, type: 'float32' as const, shape: ['n', 3, 1, 2] }));
    expect(() => load({ inputs, outputs: [] }, SIZE)).toThrow('a model with one input; this one has 2');
  });

  it.each([
    [{ name: 'x', mean: 1 }, 'it has no mean, std or default beside input.image'],
    [{ name: 'x', default: 1 }, 'it has no mean, std or default beside input.image'],
    [{ name: 'x', minimum: 0 }, 'images have values from -1 to 1: more than the feature "x" may have'],
  ])('is refused beside the contradicting feature %j', (feature, words) => {
    const image = { ...SIZE, mean: 0.5, std: 0.5 };
    expect(() => load(signatureOf(['n', 3, 1, 2]), image, { features: [feature] })).toThrow(words);
  });

  it('sets the symbolic dimensions of the model', () => {
    const { schema, input } = load(signatureOf([1, 'h', 'w', 'c']), { ...SIZE, channels: 1, layout: 'NHWC' });
    expect(schema).toMatchObject({ isUniform: true, fields: [{ name: 'x', shape: [1, 2, 1] }] });
    expect(input).toMatchObject({ field: 'x', channels: 1, layout: 'NHWC', fit: 'cover' });
  });
});

describe('normalizePixels', () => {
  const pixels = Uint8Array.of(255, 0, 51, 0, 255, 102);
  const scaled = { ...SIZE, mean: [0, 0, 0.5], std: [1, 2, 0.5] };

  it.each([
    ['NCHW', ['n', 3, 1, 2], [1, 0, 0, 0.5, -0.6, -0.2]],
    ['NHWC', ['n', 1, 2, 3], [1, 0, -0.6, 0, 0.5, -0.2]],
  ])('normalizes like torchvision, in the layout %s', (layout, shape, values) => {
    const { input } = load(signatureOf(shape), { ...scaled, layout });
    expect([...normalizePixels(pixels, input)].map((value) => Number(value.toFixed(6)))).toEqual(values);
  });

  it.each(['float32', 'float16'] as const)('makes rows that share a %s tensor with rows of numbers', (type) => {
    const { schema, input } = load(signatureOf(['n', 1, 1, 2], type), { ...SIZE, channels: 1 });
    const validator = new RowValidator(schema);
    const check = new RowCheck({ rows: 10, elements: 20, textLength: 1 });
    const rows = [{ x: normalizePixels(Uint8Array.of(0, 255), input) }, { x: [[[0.5, 0.25]]] }].map((row) =>
      validator.check(row, ['body'], check),
    );
    expect(check.errors).toEqual([]);
    const [tensor] = preprocessorFor(schema)(rows);
    const [half, quarter, one] = type === 'float32' ? [0.5, 0.25, 1] : [0x3800, 0x3400, 0x3c00];
    expect(tensor).toMatchObject({ shape: [2, 1, 1, 2] });
    expect([...(tensor!.data as Float32Array)]).toEqual([0, one, half, quarter]);
  });

  it('makes values that RowValidator counts and checks when product code passes them', () => {
    const features = [{ name: 'x', maximum: 1 }];
    const { schema } = load(signatureOf(['n', 1, 1, 2]), { ...SIZE, channels: 1 }, { features });
    const validator = new RowValidator(schema);
    const errorsOf = (values: Float32Array) => {
      const check = new RowCheck({ rows: 10, elements: 20, textLength: 1 });
      validator.check({ x: values }, ['body'], check);
      return check.errors;
    };
    expect(errorsOf(Float32Array.of(0, 1))).toEqual([]);
    expect(errorsOf(Float32Array.of(0))).toMatchObject([{ location: ['body', 'x'], type: 'shape' }]);
    expect(errorsOf(Float32Array.of(0, 2))).toMatchObject([{ location: ['body', 'x', 1], type: 'range' }]);
    expect(errorsOf(Float32Array.of(0, NaN))).toMatchObject([{ location: ['body', 'x', 1], type: 'number' }]);
    const check = new RowCheck({ rows: 10, elements: 1, textLength: 1 });
    expect(() => validator.check({ x: Float32Array.of(0, 1) }, ['body'], check)).toThrow('at most 1 values');
  });
});
