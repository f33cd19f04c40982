import {
  streamOf,
  type FieldError,
  imageTypeOf,
  InvalidInputError,
  missingFile,
  type TextFields,
  unknownField,
  UnsupportedMediaTypeError,
  type UploadedFile,
  type UploadedFiles,
} from '../../platform/http/index.js';
import {
  checkColumns,
  declaredDelimiter,
  type Delimiter,
  requireFormat,
  type FileRecord,
  detectFormat,
  readRecords,
} from '../../platform/records/index.js';
import { CellRowReader, type ModelVersion, TooManyRowsError } from '../../serving/index.js';
import type { RegisteredPipeline } from '../pipelines/pipeline-registry.js';
import { type Extra, extraColumns, inputNames, withoutExtra } from './extra-columns.js';
import { type ImageDecoding, readImageInputs } from './image-inputs.js';
import { acceptsModelRows, checkRows, inputTextFields, jsonRowsOf, type PredictionInput } from './prediction-input.js';

/** How to read files of rows. */
export interface FileInputOptions {
  /** Of CSV. Default: what the file says. */
  readonly delimiter?: Delimiter | undefined;
  readonly extra?: Extra | undefined;
}

/**
 * Reads the inputs in all files, in order. An image model takes each file as one image, unless all are JSON.
 *
 * @throws InvalidInputError, TooManyRowsError, UnsupportedMediaTypeError, and what `readImageInputs` throws
 */
export async function readFileInputs(
  { files, fields }: UploadedFiles,
  version: ModelVersion,
  pipeline: RegisteredPipeline | undefined,
  decoding: ImageDecoding,
  options: FileInputOptions = {},
): Promise<readonly PredictionInput[]> {
  const [unknown] = [...Object.keys(fields), ...files.map(({ field }) => field).filter((field) => field !== 'file')];
  if (unknown !== undefined) throw unknownField(unknown);
  if (files.length === 0) throw missingFile();
  if (version.image && acceptsModelRows(pipeline) && !files.every(isJson)) {
    return readImageInputs(files, version.image, version.limits, decoding);
  }
  const reader = new FileInputReader(version, pipeline, options);
  for (const file of files) await reader.add(file, files.length > 1);
  return reader.inputs;
}

function isJson({ mediaType, name, bytes }: UploadedFile): boolean {
  if (imageTypeOf(bytes)) return false;
  const format = detectFormat(mediaType, name);
  return format === 'json' || format === 'jsonl';
}

/** Collects the inputs of several files. */
class FileInputReader {
  readonly inputs: PredictionInput[] = [];
  /** The fields to read; undefined to read all. */
  private readonly names: ReadonlySet<string> | undefined;
  /** Of CSV, where the inputs are rows of the model and nothing else needs them. */
  private readonly cells: CellRowReader | undefined;

  constructor(
    private readonly version: ModelVersion,
    private readonly pipeline: RegisteredPipeline | undefined,
    private readonly options: FileInputOptions,
  ) {
    if (options.extra) this.names = inputNames(version, pipeline);
    const { schema, limits } = version;
    if (!pipeline && schema) this.cells = new CellRowReader(schema, limits, this.names !== undefined);
  }

  /** @param isOneOfSeveral whether errors name the file */
  async add(file: UploadedFile, isOneOfSeveral: boolean): Promise<void> {
    const before = this.inputs.length;
    try {
      await this.read(file);
      // Checked here as well: afterwards the file of a row is no longer known.
      if (isOneOfSeveral && !this.pipeline?.metadata.input) checkRows(this.inputs.slice(before), this.version);
    } catch (error) {
      throw isOneOfSeveral && error instanceof InvalidInputError ? withFileName(error, file) : error;
    }
  }

  private async read({ mediaType, name, charset, bytes }: UploadedFile): Promise<void> {
    const format = requireFormat(mediaType, name);
    const texts = format === 'csv' ? this.requireTextFields() : undefined;
    const rows = jsonRowsOf(this.version, this.pipeline);
    const known = texts ?? inputTextFields(this.version, this.pipeline);
    const columns = known && { ...known, extra: extraColumns(this.options.extra) };
    const delimiter = this.options.delimiter ?? declaredDelimiter(mediaType, name);
    const reader = readRecords(streamOf(bytes), format, { rows, charset, delimiter, columns, batchRecords: 1 });
    const errors: FieldError[] = [];
    let isFirst = true;
    for await (const records of reader) {
      if (isFirst && texts) checkColumns(reader.header!, texts, extraColumns(this.options.extra));
      isFirst = false;
      this.append(records, texts, errors);
    }
    if (errors.length > 0) throw new InvalidInputError(errors);
  }

  private append(records: readonly FileRecord[], texts: TextFields | undefined, errors: FieldError[]): void {
    const { rows } = this.version.limits;
    if (this.inputs.length + records.length > rows) throw new TooManyRowsError(rows);
    for (const record of records) {
      if (record.error) errors.push(record.error);
      this.inputs.push(this.toInput(record, texts));
    }
  }

  private toInput(record: FileRecord, texts: TextFields | undefined): PredictionInput {
    const { cells, columns, location, error } = record;
    const checked = cells && columns && this.cells?.read(cells, columns);
    if (checked) return { value: undefined, location, checked };
    const { value } = record;
    const row = texts && !error ? texts.read(value as Record<string, string>) : value;
    return { value: this.names ? withoutExtra(row, this.names) : row, location };
  }

  private requireTextFields(): TextFields {
    const texts = inputTextFields(this.version, this.pipeline);
    if (texts) return texts;
    throw new UnsupportedMediaTypeError('The inputs of this model are not read from CSV. Send JSON, or JSON lines.');
  }
}

function withFileName(
  { errors }: InvalidInputError,
  { name = 'a file without a name' }: UploadedFile,
): InvalidInputError {
  return new InvalidInputError(errors.map((error) => ({ ...error, message: `${name}: ${error.message}` })));
}
