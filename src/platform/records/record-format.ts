import { UnsupportedMediaTypeError } from '../http/index.js';
import type { RecordFormat } from './record.js';

const BY_MEDIA_TYPE: Readonly<Record<string, RecordFormat>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
  'application/json': 'json',
};
const BY_EXTENSION: Readonly<Record<string, RecordFormat>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
};

/**
 * Detects the format of a file of rows by its media type, else by the extension of its name: systems without a type for a file
 * send `application/octet-stream`, or a type named after the program that opens it.
 */
export function detectFormat(mediaType: string | undefined, fileName: string | undefined): RecordFormat | undefined {
  const type = mediaType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const extension = fileName?.split('.').at(-1)?.toLowerCase() ?? '';
  return lookUp(BY_MEDIA_TYPE, type) ?? lookUp(BY_EXTENSION, extension);
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
