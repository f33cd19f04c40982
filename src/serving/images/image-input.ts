import type { ImageFormat, Manifest } from '../manifest/manifest.js';
import type { Signature, TensorSignature } from '../signature/tensor.js';
import { hasBatchDimension, type RowSchema, SignatureError } from '../signature/row-schema.js';

/** How a picture becomes the one field of a row. */
export interface ImageInput {
  readonly field: string;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly layout: 'NCHW' | 'NHWC';
  readonly fit: 'cover' | 'fill';
  /** For each channel what each of the 256 values of a pixel becomes. */
  readonly tables: readonly Float32Array[];
}

const VALUES = 256;

/** What a row's picture has as its shape. */
export function imageShape({ width, height, channels = 3, layout = 'NCHW' }: ImageFormat): number[] {
  return layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
}

/**
 * The signature, its open dimensions set to what pictures are resized to; as it is where the model takes none.
 *
 * @throws SignatureError where pictures do not fill the model's one input
 */
export function signatureWithImage(signature: Signature, { input }: Manifest): Signature {
  if (!input) return signature;
  const [tensor] = signature.inputs;
  if (!tensor || signature.inputs.length > 1) {
    throw wrong(`a model with one input; this one has ${signature.inputs.length}`);
  }
  const { name, type, shape } = tensor;
  if (type !== 'float32' && type !== 'float16')
    throw wrong(`an input of type float32 or float16; "${name}" is ${type}`);
  const expected = imageShape(input.image);
  if (!hasRoomFor(expected, tensor, signature)) {
    throw wrong(`an input of the shape [N, ${expected.join(', ')}]; "${name}" has [${shape.join(', ')}]`);
  }
  return { ...signature, inputs: [{ ...tensor, shape: [shape[0]!, ...expected] }] };
}

function hasRoomFor(expected: readonly number[], tensor: TensorSignature, signature: Signature): boolean {
  const { shape } = tensor;
  if (shape.length !== 4 || !hasBatchDimension(tensor, signature)) return false;
  return expected.every((size, index) => typeof shape[index + 1] === 'string' || shape[index + 1] === size);
}

function wrong(what: string): SignatureError {
  return new SignatureError(`input.image in model.json needs ${what}`);
}

/**
 * How pictures become rows of this schema; undefined where the model takes none.
 *
 * @throws SignatureError where the manifest contradicts itself
 */
export function imageInputOf({ fields }: RowSchema, { input }: Manifest): ImageInput | undefined {
  const [field] = fields;
  if (!input || !field) return undefined;
  const { width, height, channels = 3, layout = 'NCHW', fit = 'cover', mean = 0, std = 1 } = input.image;
  const [means, deviations] = [perChannel('mean', mean, channels), perChannel('std', std, channels)];
  const tables = means.map((channelMean, channel) => tableOf(channelMean, deviations[channel]!));
  const { name, minimum = -Infinity, maximum = Infinity, ...feature } = field.feature;
  if (feature.mean !== undefined || feature.std !== undefined || feature.default !== undefined) {
    throw new SignatureError(`the feature "${name}" is a picture: it has no mean, std or default beside input.image`);
  }
  const [from, to] = [Math.min(...tables.map((table) => table[0]!)), Math.max(...tables.map((table) => table.at(-1)!))];
  if (from < minimum || to > maximum) {
    throw new SignatureError(`pictures have values from ${from} to ${to}: more than the feature "${name}" may have`);
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

function tableOf(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: VALUES }, (_, value) => (value / (VALUES - 1) - mean) / std);
}

/** Pixels of red, green and blue, one after the other, as values of the model's input. */
export function valuesOf(pixels: Uint8Array, { layout, channels, tables }: ImageInput): Float32Array {
  const source = channels === 1 ? greyOf(pixels) : pixels;
  const values = new Float32Array(source.length);
  const [step, stride] = layout === 'NCHW' ? [1, source.length / channels] : [channels, 1];
  for (const [channel, table] of tables.entries()) {
    let to = channel * stride;
    for (let from = channel; from < source.length; from += channels) {
      values[to] = table[source[from]!]!;
      to += step;
    }
  }
  return values;
}

/** As ITU-R BT.601 weighs colours: what Pillow, OpenCV and TensorFlow make of them. */
function greyOf(pixels: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: pixels.length / 3 }, (_, index) => {
    const at = 3 * index;
    return Math.round((299 * pixels[at]! + 587 * pixels[at + 1]! + 114 * pixels[at + 2]!) / 1_000);
  });
}
