import { UnsupportedMediaTypeError } from '../platform/http/index.js';
import { type FileRecord, readRecords, type RecordReader } from '../platform/records/index.js';
import type { GoneSignal, ImageDecoder, ModelVersion } from '../serving/index.js';
import { decodeImageRow } from '../inference/index.js';
import { type PackedPicture, readPictures } from './picture-pack.js';
import type { JobInput } from './prediction-payload.js';

/** The rows or the pictures in an input. */
export function recordsOf(source: AsyncIterable<Buffer>, input: JobInput): RecordReader {
  return input.format === 'pictures' ? readPictures(source) : readRecords(source, input.format, input);
}

/** Who decodes pictures, and for whom. */
export interface PictureDecoding {
  readonly decoder: ImageDecoder;
  readonly signal: GoneSignal;
}

/**
 * What the model takes of each picture, in their order; a record with an error where one is none. They are decoded one after the
 * other, so that others' come between.
 *
 * @throws ImageDecoderBusyError, DeadlineError, ClientGoneError,
 *   UnsupportedMediaTypeError where the version takes no pictures any more
 */
export async function decodePictures(
  pictures: readonly FileRecord[],
  version: ModelVersion,
  { decoder, signal }: PictureDecoding,
): Promise<FileRecord[]> {
  const { image } = version;
  if (!image) throw new UnsupportedMediaTypeError('The model takes no pictures any more.');
  const rows: FileRecord[] = [];
  for (const { position, location, value } of pictures) {
    const caller = { signal, deadline: version.deadlineIn() };
    const row = await decodeImageRow((value as PackedPicture).bytes, location, image, { decoder, caller });
    rows.push({ position, location, ...row });
  }
  return rows;
}
