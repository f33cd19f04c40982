import { mediaTypeOf, UnsupportedMediaTypeError } from '../http/index.js';
import type { Delimiter, RecordFormat } from './record.js';

const TSV = 'text/tab-separated-values';
const BY_MEDIA_TYPE: Readonly<Record<string, RecordFormat>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/vnd.ms-excel': 'csv',
  'text/x-csv': 'csv',
  [TSV]: 'csv',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
  'application/json': 'json',
};
const BY_EXTENSION: Readonly<Record<string, RecordFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
};

/**
 * Detects the format of a file of rows by its media type, else by the extension of its name: systems without a type for a file
 * send `application/octet-stream`, or a type named after the program that opens it.
 */
export function detectFormat(mediaType: string | undefined, fileName: string | undefined): RecordFormat | undefined {
  return lookUp(BY_MEDIA_TYPE, mediaTypeOf(mediaType ?? '')) ?? lookUp(BY_EXTENSION, extensionOf(fileName));
}

/** The delimiter that a file says it has by its media type or name; undefined for other CSV, whose header tells it. */
export function declaredDelimiter(mediaType: string | undefined, fileName: string | undefined): Delimiter | undefined {
  return mediaTypeOf(mediaType ?? '') === TSV || extensionOf(fileName) === 'tsv' ? '\t' : undefined;
}

function extensionOf(fileName = ''): string {
  return fileName.split('.').at(-1)!.toLowerCase();
}

/** @throws UnsupportedMediaTypeError if the format is unknown */
export function requireFormat(mediaType: string | undefined, fileName: string | undefined): RecordFormat {
  const format = detectFormat(mediaType, fileName);
  if (format) return format;
  const message = 'The file is of no known kind. Send CSV, JSON lines or JSON, named .csv, .jsonl or .json';
  throw new UnsupportedMediaTypeError(`${message}, or with its media type.`);
}

function lookUp(formats: Readonly<Record<string, RecordFormat>>, key: string): RecordFormat | undefined {
  return Object.hasOwn(formats, key) ? formats[key] : undefined;
}
