import { stringifyExactJson } from '../http/index.js';
import { CsvWriter } from './csv-writer.js';

/** OpenAPI content of a multipart form with the field `file`, which may repeat. */
export function fileFormContent(description: string): object {
  const file = { type: 'array', minItems: 1, items: { type: 'string', format: 'binary' }, description };
  const schema = { type: 'object', required: ['file'], additionalProperties: false, properties: { file } };
  return { 'multipart/form-data': { schema } };
}

/** OpenAPI content of a request body that is a file of rows. @param example a valid row */
export function fileBodyContent(example: Readonly<Record<string, unknown>> | undefined, takesCsv: boolean): object {
  const form = fileFormContent('CSV with a header, JSON lines, or JSON: named so, or with its media type. May repeat');
  const csv = {
    'text/csv': {
      schema: {
        type: 'string',
        description: 'A header, then a line for each row. In UTF-8, or in the encoding of `charset`',
      },
      ...(example ? { example: toCsv(example) } : {}),
    },
  };
  const lines = {
    'application/x-ndjson': {
      schema: { type: 'string', description: 'A row as JSON in each line' },
      ...(example ? { example: `${stringifyExactJson(example)}\n` } : {}),
    },
  };
  return { ...form, ...(takesCsv ? csv : {}), ...lines };
}

function toCsv(example: Readonly<Record<string, unknown>>): string {
  const writer = new CsvWriter(Object.keys(example));
  return writer.header() + writer.rows([Object.values(example)]);
}
