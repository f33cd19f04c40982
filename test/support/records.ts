import { type FileRecord, readRecords, type ReadOptions, type RecordFormat } from '../../src/platform/records/index.js';
import { InvalidInputError } from '../../src/platform/http/index.js';

/** Splits `bytes` into chunks at the given offsets. */
export async function* inChunks(bytes: Buffer, ends: readonly number[] = []): AsyncGenerator<Buffer> {
  const offsets = [...new Set(ends.map((end) => end % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...offsets, bytes.length]) {
    yield await Promise.resolve(bytes.subarray(from, end));
    from = end;
  }
}

export interface ReadFile {
  readonly columns: readonly string[] | undefined;
  readonly records: readonly FileRecord[];
}

export async function readAll(
  file: string | Buffer,
  format: RecordFormat,
  { ends, ...options }: ReadOptions & { ends?: readonly number[] } = {},
): Promise<ReadFile> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file;
  const reader = readRecords(inChunks(bytes, ends), format, options);
  const records: FileRecord[] = [];
  for await (const batch of reader) records.push(...batch);
  // Values and locations of CSV are made when they are asked for.
  const plain = records.map(({ position, location, value, error }) => {
    return { position, location, value, ...(error ? { error } : {}) };
  });
  return { columns: reader.columns, records: plain };
}

/** Location and message of the first error in a file. */
export async function findError(
  file: string | Buffer,
  format: RecordFormat,
  options: ReadOptions = {},
): Promise<readonly [location: readonly (string | number)[], message: string]> {
  try {
    await readAll(file, format, options);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { location, message } = error.errors[0]!;
    return [location, message];
  }
  throw new Error('The file was read.');
}
