import type { OpenAPIObject } from '@nestjs/swagger';
import { fileBodyContent, fileFormContent } from '../platform/records/index.js';
import { anyRowMemberSchemas, imageBodyContent } from '../inference/index.js';
import type { ModelStore } from '../serving/index.js';

const PATHS = ['/models/{name}/jobs', '/models/{name}/versions/{version}/jobs'];
const ROW = { type: 'object', additionalProperties: true, description: 'A row: a value for each feature' };
const ROWS = { type: 'array', items: { anyOf: [ROW, { type: 'array', items: {} }] }, minItems: 1 };

const FORM_DESCRIPTION =
  'CSV with the same header in each, JSON lines, or one file of JSON: named so, or with its media type. Of a model of pictures: PNG, JPEG or WebP, each of which is a row';

/** Documents the request bodies that create jobs, with an example of the default model. */
export function describeJobsOperations(document: OpenAPIObject, store: ModelStore): void {
  const { defaultVersion, manifest } = store.findDefault() ?? {};
  const row = defaultVersion?.exampleRow ?? manifest?.example?.input ?? {};
  const content = {
    'application/json': { schema: { anyOf: [ROW, ROWS, ...anyRowMemberSchemas(ROW)] }, example: { instances: [row] } },
    'application/x-www-form-urlencoded': { schema: ROW },
    ...fileBodyContent(row, true),
    ...imageBodyContent(),
    ...fileFormContent(FORM_DESCRIPTION),
  };
  for (const path of PATHS) {
    Object.assign(document.paths[path]?.post ?? {}, { requestBody: { required: true, content } });
  }
}
