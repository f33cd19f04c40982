import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';

/**
 * `bytes` is a body of any media type or none, which the handler gets as it came, uncompressed: a Buffer. `files` is a
 * multipart form or one raw file, in memory: `UploadedFiles`. `stream` is not read before the handler: see `openUpload`.
 */
export type BodyKind = 'json' | 'form' | 'bytes' | 'files' | 'stream';
export type BodyPurpose = 'ordinary' | 'predictions' | 'files';

export const BODY_RULE = Symbol('body rule');

/** What a handler with a `@Body()` takes; JSON up to the ordinary limit unless said otherwise. */
export interface BodyRule {
  readonly kinds: readonly BodyKind[];
  readonly purpose: BodyPurpose;
}

export const DEFAULT_BODY_RULE: BodyRule = { kinds: ['json'], purpose: 'ordinary' };

/** Files of rows, which may be sent as they are. */
export const ROW_TYPES = ['text/csv', 'application/x-ndjson', 'application/jsonl'] as const;
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const;
export const MULTIPART = 'multipart/form-data';

/** The first of each is what most send. */
export const MEDIA_TYPES: Record<BodyKind, readonly [string, ...string[]]> = {
  json: ['application/json'],
  form: ['application/x-www-form-urlencoded'],
  bytes: ['application/octet-stream'],
  files: [MULTIPART, ...ROW_TYPES, ...IMAGE_TYPES],
  stream: [MULTIPART, ...ROW_TYPES, 'application/json'],
};

/** States the media types and the size limit of a handler's body. */
export function AcceptsBody(rule: BodyRule): MethodDecorator {
  const types = rule.kinds.flatMap((kind) => MEDIA_TYPES[kind]);
  return applyDecorators(SetMetadata(BODY_RULE, rule), ApiConsumes(...types));
}
