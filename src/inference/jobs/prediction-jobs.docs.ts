import type { OpenAPIObject } from '@nestjs/swagger';
import type { ModelStore } from '../store/model-store.js';

const PATH = '/models/{name}/jobs';
const ROW = { type: 'object', additionalProperties: true, description: 'A row: a value for each feature' };
const ROWS = { type: 'array', items: ROW, minItems: 1 };
const INSTANCES = {
  type: 'object',
  required: ['instances'],
  additionalProperties: false,
  properties: { instances: ROWS },
};

/** Says what a job may be made of; the examples are of the default model. */
export function describeJobs(document: OpenAPIObject, store: ModelStore): void {
  const operation = document.paths[PATH]?.post;
  if (!operation) return;
  const row = store.findDefault()?.manifest.example?.input ?? {};
  const csv = `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\n`;
  const line = `${JSON.stringify(row)}\n`;
  const content = {
    'application/json': { schema: { oneOf: [ROW, ROWS, INSTANCES] }, example: { instances: [row] } },
    'application/x-www-form-urlencoded': { schema: ROW },
    'text/csv': { schema: { type: 'string', description: 'A header, and a line for each row' }, example: csv },
    'application/x-ndjson': { schema: { type: 'string', description: 'A row in each line' }, example: line },
    'multipart/form-data': {
      schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
    },
  };
  Object.assign(operation, { requestBody: { required: true, content } });
}
