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
 * The format of a file of rows, from its media type, else from its name: a system that knows no type for a file calls it
 * `application/octet-stream`, or what the program that opens it is called.
 */
export function detectFormat(mediaType: string | undefined, fileName: string | undefined): RecordFormat | undefined {
  const type = mediaType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const extension = fileName?.split('.').at(-1)?.toLowerCase() ?? '';
  return lookUp(BY_MEDIA_TYPE, type) ?? lookUp(BY_EXTENSION, extension);
}

/** The same; throws `UnsupportedMediaTypeError` where it is none. */
export function requireFormat(mediaType: string | undefined, fileName: string | undefined): RecordFormat {
  const format = detectFormat(mediaType, fileName);
  if (format) return format;
  const message = 'The file is of no known kind. Send CSV, JSON lines or JSON, named .csv, .jsonl or .json';
  throw new UnsupportedMediaTypeError(`${message}, or with its media type.`);
}

function lookUp(formats: Readonly<Record<string, RecordFormat>>, key: string): RecordFormat | undefined {
  return Object.hasOwn(formats, key) ? formats[key] : undefined;
}
