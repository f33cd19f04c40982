import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { AnyQuery } from '../platform/http/index.js';
import { OpenInferenceErrorDto } from './dto/metadata.dto.js';

const ERROR_CONTENT = { 'application/json': { schema: { $ref: getSchemaPath(OpenInferenceErrorDto) } } };

const QUERY_ERROR = { 400: 'The query is malformed' };

/** Documents an operation's errors in the protocol's format, and lets it ignore unknown query parameters. */
export function OpenInferenceOperation(errors: Readonly<Record<number, string>> = {}): MethodDecorator {
  const responses = Object.entries({ ...QUERY_ERROR, ...errors }).map(([status, description]) =>
    ApiResponse({ status: Number(status), description, content: ERROR_CONTENT }),
  );
  return applyDecorators(
    AnyQuery(),
    ApiExtraModels(OpenInferenceErrorDto),
    ApiResponse({ status: 'default', description: 'Any other error, in the same format', content: ERROR_CONTENT }),
    ...responses,
  );
}

export const MODEL_ERRORS = {
  400: 'The path or the query is malformed',
  404: 'No such model or version',
};

export const INFER_ERRORS = {
  400: 'Malformed, or a tensor that does not match the model: the error names the tensor and what is expected',
  401: 'The model is for members, and the caller is not logged in',
  403: 'The model is for administrators; or sent by another site with a cookie',
  404: 'No such model or version',
  413: 'More rows or values than one request may have, or a body over its limit',
  415: 'Compressed with an encoding other than gzip, deflate or br',
  429: 'More requests a minute than PREDICT_RATE lets one caller make; see Retry-After',
  500: 'The model failed on valid tensors',
  503: 'The model is not ready, its queue is full, or its runtime died; see Retry-After',
  504: 'Not ready within the deadline, or the timeout',
};

export const REPOSITORY_ERRORS = {
  400: 'Malformed, or an unsupported parameter',
  401: 'Not logged in, and no API key',
  403: 'Not an administrator; or sent by another site with a cookie',
  404: 'No such model',
  409: 'No version of the model could be loaded; the error gives the reason',
  413: 'A body over its limit',
  415: 'Compressed with an encoding other than gzip, deflate or br',
};

const VERSION_PATHS = '/v2/models/{name}/versions/{version}';
const VERSION = {
  name: 'version',
  in: 'path',
  required: true,
  description: 'A version number',
  schema: { type: 'string', example: '1' },
} as const;

/** Adds the path parameter `version` to the operations of `VersionProtocolController`, which inherits them without it. */
export function describeVersionPaths({ paths }: OpenAPIObject): void {
  const versionPaths = Object.entries(paths).filter(([path]) => path.startsWith(VERSION_PATHS));
  for (const operation of versionPaths.flatMap(([, { get, post }]) => [get, post])) {
    if (operation) operation.parameters = [...(operation.parameters ?? []), VERSION];
  }
}
