import type { OpenAPIObject } from '@nestjs/swagger';
import type { ServingSettings } from '../../serving/index.js';

interface TimedOperation {
  'x-max-seconds'?: number;
  readonly requestBody?: { readonly content?: Readonly<Record<string, { schema?: object }>> };
}

/**
 * States how long a request of many rows may take, as `x-max-seconds` of the operations whose path ends so, and of the schemas of
 * their bodies.
 */
export function describeTimeLimits({ paths }: OpenAPIObject, pathEnd: string, { requestMs }: ServingSettings): void {
  const limit = { 'x-max-seconds': requestMs / 1_000 };
  for (const [path, { post, put }] of Object.entries(paths)) {
    if (!path.endsWith(pathEnd)) continue;
    for (const operation of [post, put] as (TimedOperation | undefined)[]) {
      if (!operation) continue;
      Object.assign(operation, limit);
      for (const content of Object.values(operation.requestBody?.content ?? {})) {
        if (content.schema && !('$ref' in content.schema)) content.schema = { ...content.schema, ...limit };
      }
    }
  }
}
