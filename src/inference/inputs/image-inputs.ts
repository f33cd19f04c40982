import { type FieldError, InvalidInputError, type UploadedFile } from '../../platform/http/index.js';
import {
  type ImageDecoder,
  type ImageInput,
  type InputLimits,
  InvalidImageError,
  type TimedCaller,
  TooManyElementsError,
  TooManyRowsError,
} from '../../serving/index.js';
import type { PredictionInput } from './prediction-input.js';

type ImageRow = Readonly<Record<string, Float32Array>>;

type DecodedImage =
  { readonly value: ImageRow; readonly error?: never } | { readonly value: undefined; readonly error: FieldError };

/** The decoder, and the caller on whose behalf it works. */
export interface ImageDecoding {
  readonly decoder: ImageDecoder;
  readonly caller: TimedCaller;
}

/**
 * Decodes each file into a row, one after another so that images of other requests are decoded in between.
 *
 * @throws InvalidInputError with an error for each file that is not a usable image
 * @throws TooManyRowsError, TooManyElementsError, ImageDecoderBusyError, DeadlineError, ClientGoneError
 */
export async function readImageInputs(
  files: readonly UploadedFile[],
  input: ImageInput,
  limits: InputLimits,
  decoding: ImageDecoding,
): Promise<PredictionInput[]> {
  requireWithinLimits(files.length, input, limits);
  const inputs: PredictionInput[] = [];
  const errors: FieldError[] = [];
  for (const [index, { bytes }] of files.entries()) {
    const location = ['body', 'file', ...(files.length > 1 ? [index] : [])];
    const { value, error } = await decodeImageRow(bytes, location, input, decoding);
    if (error) errors.push(error);
    else inputs.push({ value, location });
  }
  if (errors.length > 0) throw new InvalidInputError(errors);
  return inputs;
}

/**
 * Decodes one image into a row.
 *
 * @returns the row, or the error of a file that is not a usable image
 * @throws ImageDecoderBusyError, DeadlineError, ClientGoneError
 */
export async function decodeImageRow(
  bytes: Buffer,
  location: FieldError['location'],
  input: ImageInput,
  { decoder, caller }: ImageDecoding,
): Promise<DecodedImage> {
  try {
    return { value: { [input.field]: await decoder.decode(bytes, input, caller) } };
  } catch (error) {
    if (!(error instanceof InvalidImageError)) throw error;
    const message = `${location.slice(1).join('.')} ${error.message}`;
    return { value: undefined, error: { location, type: 'image', message } };
  }
}

/** Gives the memory of decoded images back, once their predictions are there and nobody uses the inputs any more. */
export function recycleImages(inputs: readonly PredictionInput[], decoder: ImageDecoder): void {
  for (const { value } of inputs) {
    for (const field of Object.values(value as object)) if (field instanceof Float32Array) decoder.recycle(field);
  }
}

function requireWithinLimits(count: number, { width, height, channels }: ImageInput, limits: InputLimits): void {
  if (count > limits.rows) throw new TooManyRowsError(limits.rows);
  if (count * width * height * channels > limits.elements) throw new TooManyElementsError(limits.elements);
}
