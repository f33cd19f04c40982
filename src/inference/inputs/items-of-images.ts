import { type FieldError, InvalidInputError, type UploadedFile } from '../../platform/http/index.js';
import {
  type ImageDecoder,
  type ImageInput,
  type InputLimits,
  TooManyElementsError,
  TooManyRowsError,
  InvalidImageError,
  type TimedCaller,
} from '../../serving/index.js';

type Row = Readonly<Record<string, Float32Array>>;

/** A row made of a picture, and where that stands. */
interface ImageItem {
  readonly value: Row;
  readonly location: FieldError['location'];
}

type ImageRow =
  { readonly value: Row; readonly error?: never } | { readonly value: undefined; readonly error: FieldError };

/** Who decodes, and for whom. */
export interface Decoding {
  readonly decoder: ImageDecoder;
  readonly waiter: TimedCaller;
}

/**
 * A row for each picture, in their order. They are decoded one after the other, so that others' come between.
 *
 * @throws InvalidInputError naming each that is no picture, TooManyRowsError, TooManyElementsError, ImageDecoderBusyError,
 *   DeadlineError, ClientGoneError
 */
export async function itemsOfImages(
  files: readonly UploadedFile[],
  input: ImageInput,
  limits: InputLimits,
  decoding: Decoding,
): Promise<ImageItem[]> {
  demandRoom(files.length, input, limits);
  const items: ImageItem[] = [];
  const errors: FieldError[] = [];
  for (const [index, { bytes }] of files.entries()) {
    const location = ['body', 'file', ...(files.length > 1 ? [index] : [])];
    const { value, error } = await rowOfImage(bytes, location, input, decoding);
    if (error) errors.push(error);
    else items.push({ value, location });
  }
  if (errors.length > 0) throw new InvalidInputError(errors);
  return items;
}

/**
 * The row of one picture, or why there is none.
 *
 * @throws ImageDecoderBusyError, DeadlineError, ClientGoneError
 */
export async function rowOfImage(
  bytes: Buffer,
  location: FieldError['location'],
  input: ImageInput,
  { decoder, waiter }: Decoding,
): Promise<ImageRow> {
  try {
    return { value: { [input.field]: await decoder.decode(bytes, input, waiter) } };
  } catch (error) {
    if (!(error instanceof InvalidImageError)) throw error;
    const message = `${location.slice(1).join('.')} ${error.message}`;
    return { value: undefined, error: { location, type: 'image', message } };
  }
}

function demandRoom(count: number, { width, height, channels }: ImageInput, limits: InputLimits): void {
  if (count > limits.rows) throw new TooManyRowsError(limits.rows);
  if (count * width * height * channels > limits.elements) throw new TooManyElementsError(limits.elements);
}
