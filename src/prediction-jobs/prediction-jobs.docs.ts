import type { OpenAPIObject } from '@nestjs/swagger';
import { fileBodyContent, fileFormContent } from '../platform/records/index.js';
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

const FORM_DESCRIPTION =
  'CSV with the same header in each, JSON lines, or one file of JSON: named so, or with its media type. Of a model of pictures: PNG, JPEG or WebP, each of which is a row';

/** Documents the request body of `POST /models/{name}/jobs`, with an example of the default model. */
export function describeJobsOperation(document: OpenAPIObject, store: ModelStore): void {
  const operation = document.paths[PATH]?.post;
  if (!operation) return;
  const row = store.findDefault()?.manifest.example?.input ?? {};
  const content = {
    'application/json': { schema: { oneOf: [ROW, ROWS, INSTANCES] }, example: { instances: [row] } },
    'application/x-www-form-urlencoded': { schema: ROW },
    ...fileBodyContent(row, true),
    ...imageBodyContent(),
    ...fileFormContent(FORM_DESCRIPTION),
  };
  Object.assign(operation, { requestBody: { required: true, content } });
}
