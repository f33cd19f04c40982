import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { AnyQuery } from '../platform/http/index.js';
import { OpenInferenceErrorDto } from './dto/metadata.dto.js';

const CONTENT = { 'application/json': { schema: { $ref: getSchemaPath(OpenInferenceErrorDto) } } };

const QUERY_ERROR = { 400: 'The query is malformed' };

/** What every operation of the protocol has: its own error answers, and query parameters that nobody reads let be. */
export function OpenInference(errors: Readonly<Record<number, string>> = {}): MethodDecorator {
  const responses = Object.entries({ ...QUERY_ERROR, ...errors }).map(([status, description]) =>
    ApiResponse({ status: Number(status), description, content: CONTENT }),
  );
  return applyDecorators(
    AnyQuery(),
    ApiExtraModels(OpenInferenceErrorDto),
    ApiResponse({ status: 'default', description: 'Any other error, in the same shape', content: CONTENT }),
    ...responses,
  );
}

export const MODEL_ERRORS = {
  400: 'The path or the query is malformed',
  404: 'No such model or version',
};

export const INFER_ERRORS = {
  400: 'Malformed, or a tensor that the model does not take: the error says which, and what it must be',
  401: 'The model is for members, and nobody is logged in',
  403: 'The model is for administrators; or sent by another site with a cookie',
  404: 'No such model or version',
  413: 'More rows or values than one request may have, or a body over its limit',
  415: 'Compressed in another way than gzip, deflate or br',
  429: 'More requests a minute than PREDICT_RATE lets one caller make; see Retry-After',
  500: 'The model failed on valid tensors',
  503: 'The model is not ready, its queue is full, or its runtime died; see Retry-After',
  504: 'Not ready within the deadline, or the timeout',
};

export const REPOSITORY_ERRORS = {
  400: 'Malformed, or a parameter that is not served here',
  401: 'Not logged in, and no API key',
  403: 'Not an administrator; or sent by another site with a cookie',
  404: 'No such model',
  409: 'Nothing of the model could be loaded; the error says why',
  413: 'A body over its limit',
  415: 'Compressed in another way than gzip, deflate or br',
};

const VERSION_PATHS = '/v2/models/{name}/versions/{version}';
const VERSION = {
  name: 'version',
  in: 'path',
  required: true,
  description: 'A version number',
  schema: { type: 'string', example: '1' },
} as const;

/** Adds the path's version to the operations of one version: they are inherited from those of the model, which have none. */
export function describeVersionPaths({ paths }: OpenAPIObject): void {
  const ofVersions = Object.entries(paths).filter(([path]) => path.startsWith(VERSION_PATHS));
  for (const operation of ofVersions.flatMap(([, { get, post }]) => [get, post])) {
    if (operation) operation.parameters = [...(operation.parameters ?? []), VERSION];
  }
}
