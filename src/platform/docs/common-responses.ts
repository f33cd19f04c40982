import { STATUS_CODES } from 'node:http';
import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from '../http/index.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
const PROBLEM_TYPE = 'application/problem+json';
const PROBLEM = { [PROBLEM_TYPE]: { schema: { $ref: getSchemaPath(ProblemDto) } } };

/** Error codes of statuses that have only one. */
const CODES: Readonly<Record<string, string>> = {
  400: 'request.malformed',
  413: 'request.too-large',
  415: 'request.unsupported-media-type',
  422: 'request.invalid',
};

/**
 * Adds to each operation the error responses of the layers before its handler, a description to every response without one, and an
 * example to every problem. Responses that an operation documents itself stay. An operation with a `default` response has an
 * error format of its own and gets no error responses.
 */
export function documentCommonResponses(document: OpenAPIObject): void {
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation) addResponses(operation, method);
    }
  }
}

function addResponses(operation: Operation, method: string): void {
  for (const [status, description] of Object.entries(commonProblems(operation, method))) {
    operation.responses[status] ??= { description, content: PROBLEM };
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || !('description' in response)) continue;
    response.description ||= STATUS_CODES[status] ?? '';
    const problem = response.content?.[PROBLEM_TYPE];
    if (problem && status in STATUS_CODES) {
      response.content = {
        [PROBLEM_TYPE]: { ...problem, example: exampleOf(status, response.description, operation) },
      };
    }
  }
}

function commonProblems({ parameters, requestBody, responses }: Operation, method: string): Record<string, string> {
  if (responses.default) return {};
  return {
    400: 'The query is malformed',
    ...(parameters?.some((parameter) => 'in' in parameter && parameter.in === 'path') && {
      400: 'The path or the query is malformed',
    }),
    ...(requestBody && {
      400: 'The request is malformed',
      413: 'The body is too large',
      415: 'The body is of another media type',
    }),
    ...(method !== 'get' && { 403: 'Sent by another site with a cookie' }),
    422: 'A field or parameter is wrong or unknown; `errors` names each',
    default: 'Any other problem, in the same shape',
  };
}

function exampleOf(status: string, detail: string, { requestBody }: Operation): object {
  const code = CODES[status] ?? '…';
  const location = [requestBody ? 'body' : 'query', 'nonsense'];
  const message = `nonsense is not a known ${requestBody ? 'field' : 'query parameter'}`;
  return {
    type: `urn:barista:problem:${code}`,
    title: STATUS_CODES[status],
    status: Number(status),
    code,
    detail,
    requestId: '0b7e6f0c-7d0e-4a3b-9a55-1d8a2f6c3e10',
    ...(status === '422' && { errors: [{ location, type: 'unknown', message }] }),
  };
}
