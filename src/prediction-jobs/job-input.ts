import { UnsupportedMediaTypeError } from '../platform/http/index.js';
import { type ColumnRule, type FileRecord, readRecords, type RecordReader } from '../platform/records/index.js';
import type { GoneSignal, ImageDecoder, ModelVersion } from '../serving/index.js';
import { decodeImageRow } from '../inference/index.js';
import { type ArchivedPicture, readPictureArchive } from './picture-archive.js';
import type { JobInput } from './prediction-payload.js';

/** Reads the rows or the pictures of an input. @param columns known columns, of CSV and of tables in JSON */
export function readJobInput(source: AsyncIterable<Buffer>, input: JobInput, columns?: ColumnRule): RecordReader {
  if (input.format === 'pictures') return readPictureArchive(source);
  const { format, from, rows, delimiter } = input;
  return readRecords(source, format, { from, rows, delimiter, columns });
}

export interface PictureDecoding {
  readonly decoder: ImageDecoder;
  readonly signal: GoneSignal;
}

/**
 * Decodes pictures to rows of the model, in order; a record with an error for a file that is no picture. Decodes one at a time, so
 * that interactive requests are not queued behind a whole batch.
 *
 * @throws ImageDecoderBusyError, DeadlineError, ClientGoneError,
 *   UnsupportedMediaTypeError if the version no longer accepts pictures
 */
export async function decodePictures(
  pictures: readonly FileRecord[],
  version: ModelVersion,
  { decoder, signal }: PictureDecoding,
): Promise<FileRecord[]> {
  const { image } = version;
  if (!image) throw new UnsupportedMediaTypeError('The model no longer accepts pictures.');
  const rows: FileRecord[] = [];
  for (const { position, location, value } of pictures) {
    const caller = { signal, deadline: version.deadlineFor(1) };
    const row = await decodeImageRow((value as ArchivedPicture).bytes, location, image, { decoder, caller });
    rows.push({ position, location, ...row });
  }
  return rows;
}
