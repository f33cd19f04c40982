import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';

/**
 * `bytes` is a decompressed body of any media type, or of none, as a Buffer. `files` is a multipart form or one raw file, in
 * memory, as `UploadedFiles`. `stream` is a body that the handler reads: see `openUpload`.
 */
export type BodyKind = 'json' | 'form' | 'bytes' | 'files' | 'stream';
export type BodyPurpose = 'ordinary' | 'predictions' | 'files';

export const BODY_RULE = Symbol('body rule');

/** The kinds of body that a handler with a `@Body()` accepts. JSON up to the ordinary limit is the default. */
export interface BodyRule {
  readonly kinds: readonly BodyKind[];
  readonly purpose: BodyPurpose;
}

export const DEFAULT_BODY_RULE: BodyRule = { kinds: ['json'], purpose: 'ordinary' };

/** Media types of files of rows, which may be sent as a raw body. */
export const ROW_TYPES = ['text/csv', 'application/x-ndjson', 'application/jsonl'] as const;
/** Other names of CSV: of old programs, and of Windows where Excel is installed. */
const CSV_ALIASES = ['application/csv', 'application/vnd.ms-excel', 'text/x-csv', 'text/tab-separated-values'] as const;
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const;
export const MULTIPART = 'multipart/form-data';

/** Media types by kind. The first of each is the most common. */
export const MEDIA_TYPES: Record<BodyKind, readonly [string, ...string[]]> = {
  json: ['application/json'],
  form: ['application/x-www-form-urlencoded'],
  bytes: ['application/octet-stream'],
  files: [MULTIPART, ...ROW_TYPES, ...IMAGE_TYPES],
  stream: [MULTIPART, ...ROW_TYPES, 'application/json'],
};

/** Media types that are taken as well, and not documented. */
export const MEDIA_TYPE_ALIASES: Partial<Record<BodyKind, readonly string[]>> = {
  files: CSV_ALIASES,
  stream: CSV_ALIASES,
};

/** Sets the media types and the size limit of a handler's body. */
export function AcceptsBody(rule: BodyRule): MethodDecorator {
  const types = rule.kinds.flatMap((kind) => MEDIA_TYPES[kind]);
  return applyDecorators(SetMetadata(BODY_RULE, rule), ApiConsumes(...types));
}
