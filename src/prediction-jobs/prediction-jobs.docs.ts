import type { OpenAPIObject } from '@nestjs/swagger';
import { fileBodyContent } from '../platform/records/index.js';
import { imageBodyContent } from '../inference/index.js';
import type { ModelStore } from '../serving/index.js';

const PATH = '/models/{name}/jobs';
const ROW = { type: 'object', additionalProperties: true, description: 'A row: a value for each feature' };
const ROWS = { type: 'array', items: ROW, minItems: 1 };
const INSTANCES = {
  type: 'object',
  required: ['instances'],
  additionalProperties: false,
  properties: { instances: ROWS },
};

const FORM = {
  type: 'object',
  required: ['file'],
  additionalProperties: false,
  properties: {
    file: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', format: 'binary' },
      description:
        'CSV with the same header in each, JSON lines, or one file of JSON: named so, or with its media type. Of a model of pictures: PNG, JPEG or WebP, each of which is a row',
    },
  },
};

/** Says what a job may be made of; the examples are of the default model. */
export function describeJobs(document: OpenAPIObject, store: ModelStore): void {
  const operation = document.paths[PATH]?.post;
  if (!operation) return;
  const row = store.findDefault()?.manifest.example?.input ?? {};
  const content = {
    'application/json': { schema: { oneOf: [ROW, ROWS, INSTANCES] }, example: { instances: [row] } },
    'application/x-www-form-urlencoded': { schema: ROW },
    ...fileBodyContent(row, true),
    ...imageBodyContent(),
    'multipart/form-data': { schema: FORM },
  };
  Object.assign(operation, { requestBody: { required: true, content } });
}
