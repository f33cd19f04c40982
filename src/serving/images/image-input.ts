import type { ImageFormat, Manifest } from '../manifest/manifest.js';
import type { Signature, TensorSignature } from '../signature/tensor.js';
import { hasBatchDimension, type RowSchema, SignatureError } from '../signature/row-schema.js';

/** The conversion of an image to the one field of a row. */
export interface ImageInput {
  readonly field: string;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly layout: 'NCHW' | 'NHWC';
  readonly fit: 'cover' | 'fill';
  /** For each channel a lookup table from the 256 pixel values to normalized values. */
  readonly tables: readonly Float32Array[];
}

const PIXEL_VALUES = 256;
/** What a feature that is an image cannot have. */
const NOT_OF_IMAGES = ['mean', 'std', 'default', 'nullable', 'missing', 'values'] as const;

/** The shape of an image without the batch dimension. */
export function imageShape({ width, height, channels = 3, layout = 'NCHW' }: ImageFormat): number[] {
  return layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
}

/**
 * Sets the symbolic dimensions of the input to the size of the resized images; unchanged for a model without image input.
 *
 * @throws SignatureError where images do not fit the input of the model
 */
export function signatureWithImage(signature: Signature, { input }: Manifest): Signature {
  if (!input) return signature;
  const [tensor] = signature.inputs;
  if (!tensor || signature.inputs.length > 1) {
    throw mismatchError(`a model with one input; this one has ${signature.inputs.length}`);
  }
  const { name, type, shape } = tensor;
  if (type !== 'float32' && type !== 'float16')
    throw mismatchError(`an input of type float32 or float16; "${name}" is ${type}`);
  const expected = imageShape(input.image);
  if (!acceptsShape(expected, tensor, signature)) {
    throw mismatchError(`an input of the shape [N, ${expected.join(', ')}]; "${name}" has [${shape.join(', ')}]`);
  }
  return { ...signature, inputs: [{ ...tensor, shape: [shape[0]!, ...expected] }] };
}

function acceptsShape(expected: readonly number[], tensor: TensorSignature, signature: Signature): boolean {
  const { shape } = tensor;
  if (shape.length !== 4 || !hasBatchDimension(tensor, signature)) return false;
  return expected.every((size, index) => typeof shape[index + 1] === 'string' || shape[index + 1] === size);
}

function mismatchError(requirement: string): SignatureError {
  return new SignatureError(`input.image in model.json needs ${requirement}`);
}

/**
 * The conversion of images to rows of this schema; undefined for a model without image input.
 *
 * @throws SignatureError where the manifest contradicts itself
 */
export function imageInputOf({ fields }: RowSchema, { input }: Manifest): ImageInput | undefined {
  const [field] = fields;
  if (!input || !field) return undefined;
  const { width, height, channels = 3, layout = 'NCHW', fit = 'cover', mean = 0, std = 1 } = input.image;
  const [means, deviations] = [perChannel('mean', mean, channels), perChannel('std', std, channels)];
  const tables = means.map((channelMean, channel) => lookupTable(channelMean, deviations[channel]!));
  const { name, minimum = -Infinity, maximum = Infinity, ...feature } = field.feature;
  if (NOT_OF_IMAGES.some((key) => feature[key] !== undefined && feature[key] !== false)) {
    throw new SignatureError(
      `the feature "${name}" is an image: it has no mean, std or default beside input.image, and no nullable, missing or values`,
    );
  }
  const [from, to] = [Math.min(...tables.map((table) => table[0]!)), Math.max(...tables.map((table) => table.at(-1)!))];
  if (from < minimum || to > maximum) {
    throw new SignatureError(`images have values from ${from} to ${to}: more than the feature "${name}" may have`);
  }
  return { field: field.name, width, height, channels, layout, fit, tables };
}

function perChannel(key: string, value: number | readonly number[], channels: number): readonly number[] {
  const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  if (values.length === channels) return values;
  throw new SignatureError(
    `input.image.${key} in model.json must be a number, or one for each of ${channels} channels`,
  );
}

function lookupTable(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: PIXEL_VALUES }, (_, value) => (value / (PIXEL_VALUES - 1) - mean) / std);
}
