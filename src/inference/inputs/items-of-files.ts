import {
  arrived,
  type FieldError,
  InvalidInputError,
  missingFile,
  type TextFields,
  unknownField,
  UnsupportedMediaTypeError,
  type UploadedFile,
  type UploadedFiles,
} from '../../platform/http/index.js';
import { checkColumns, demandFormat, type FileRecord, formatOf, readRecords } from '../../platform/records/index.js';
import { type Decoding, itemsOfImages } from './items-of-images.js';
import { type ModelVersion, TooManyRowsError } from '../../serving/index.js';
import type { FoundPipeline } from '../pipelines/pipelines.service.js';
import { type Items, checkItems, takesForms, takesInstances } from './prediction-input.js';
import { textRowsOf } from './text-rows.js';

/** The rows of all files, in their order: a model of pictures takes each file as one, unless all are JSON. */
export async function itemsOfFiles(
  { files, fields }: UploadedFiles,
  version: ModelVersion,
  pipeline: FoundPipeline | undefined,
  decoding: Decoding,
): Promise<Items> {
  const [unknown] = [...Object.keys(fields), ...files.map(({ field }) => field).filter((field) => field !== 'file')];
  if (unknown !== undefined) throw unknownField(unknown);
  if (files.length === 0) throw missingFile();
  if (version.image && takesForms(pipeline) && !files.every(isJson)) {
    return itemsOfImages(files, version.image, version.limits, decoding);
  }
  const reading = new Reading(version, pipeline);
  for (const file of files) await reading.add(file, files.length > 1);
  return reading.items;
}

function isJson({ mediaType, name }: UploadedFile): boolean {
  const format = formatOf(mediaType, name);
  return format === 'json' || format === 'jsonl';
}

class Reading {
  readonly items: Items[number][] = [];

  constructor(
    private readonly version: ModelVersion,
    private readonly pipeline: FoundPipeline | undefined,
  ) {}

  /** @param isNamed errors say of which file they are: there are others */
  async add(file: UploadedFile, isNamed: boolean): Promise<void> {
    const before = this.items.length;
    try {
      await this.read(file);
      // Later nobody knows any more which file a row was in.
      if (isNamed && !this.pipeline?.metadata.input) checkItems(this.items.slice(before), this.version);
    } catch (error) {
      throw isNamed && error instanceof InvalidInputError ? named(error, file) : error;
    }
  }

  private async read(file: UploadedFile): Promise<void> {
    const format = demandFormat(file.mediaType, file.name);
    const texts = format === 'csv' ? this.demandTexts() : undefined;
    const instances = takesInstances(this.version);
    const reader = readRecords(arrived(file.bytes), format, { instances });
    const errors: FieldError[] = [];
    let isFirst = true;
    for await (const records of reader) {
      if (isFirst && texts) checkColumns(reader.columns ?? [], texts);
      isFirst = false;
      this.take(records, texts, errors);
    }
    if (errors.length > 0) throw new InvalidInputError(errors);
  }

  private take(records: readonly FileRecord[], texts: TextFields | undefined, errors: FieldError[]): void {
    const { rows } = this.version.limits;
    if (this.items.length + records.length > rows) throw new TooManyRowsError(rows);
    for (const { value, location, error } of records) {
      if (error) errors.push(error);
      this.items.push({ value: texts && !error ? texts.read(value as Record<string, string>) : value, location });
    }
  }

  private demandTexts(): TextFields {
    const texts = textRowsOf(this.version, this.pipeline);
    if (texts) return texts;
    throw new UnsupportedMediaTypeError('The inputs of this model are not read from CSV. Send JSON, or JSON lines.');
  }
}

function named({ errors }: InvalidInputError, { name = 'a file without a name' }: UploadedFile): InvalidInputError {
  return new InvalidInputError(errors.map((error) => ({ ...error, message: `${name}: ${error.message}` })));
}
