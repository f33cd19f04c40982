import { STATUS_CODES } from 'node:http';
import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from '../http/index.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
const PROBLEM = { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } };

/**
 * Adds to each operation what may be answered before its handler is reached, which no handler can know of, and a
 * description to every answer without one. What an operation says of itself stays.
 */
export function documentCommonAnswers(document: OpenAPIObject): void {
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation) complete(operation, method);
    }
  }
}

function complete(operation: Operation, method: string): void {
  for (const [status, description] of Object.entries(commonProblems(operation, method))) {
    operation.responses[status] ??= { description, content: PROBLEM };
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response && 'description' in response) response.description ||= STATUS_CODES[status] ?? '';
  }
}

function commonProblems({ parameters, requestBody }: Operation, method: string): Record<string, string> {
  return {
    ...(parameters?.some((parameter) => 'in' in parameter && parameter.in === 'path') && {
      400: 'The path is malformed',
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
