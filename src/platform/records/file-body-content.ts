import { stringifyExactJson } from '../http/index.js';
import { CsvWriter } from './csv-writer.js';

const FORM = {
  'multipart/form-data': {
    schema: {
      type: 'object',
      required: ['file'],
      additionalProperties: false,
      properties: {
        file: {
          type: 'array',
          minItems: 1,
          items: { type: 'string', format: 'binary' },
          description: 'CSV with a header, JSON lines, or JSON: named so, or with its media type. May repeat',
        },
      },
    },
  },
};

/** Files of rows as bodies of an operation in the OpenAPI document; with a row that works as it stands, where there is one. */
export function fileBodyContent(example: Readonly<Record<string, unknown>> | undefined, takesCsv: boolean): object {
  const csv = {
    'text/csv': {
      schema: { type: 'string', description: 'Commas, a header in line 1, UTF-8' },
      ...(example ? { example: csvOf(example) } : {}),
    },
  };
  const lines = {
    'application/x-ndjson': {
      schema: { type: 'string', description: 'A row as JSON in each line' },
      ...(example ? { example: `${stringifyExactJson(example)}\n` } : {}),
    },
  };
  return { ...FORM, ...(takesCsv ? csv : {}), ...lines };
}

function csvOf(example: Readonly<Record<string, unknown>>): string {
  const writer = new CsvWriter(Object.keys(example));
  return writer.header() + writer.rows([Object.values(example)]);
}
