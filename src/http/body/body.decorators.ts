import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';

/** `bytes` is a body of any media type or none, which the handler gets as it came, uncompressed: a Buffer. */
export type BodyKind = 'json' | 'form' | 'bytes';
export type BodyPurpose = 'ordinary' | 'predictions';

export const BODY_RULE = Symbol('body rule');

/** What a handler with a `@Body()` takes; JSON up to the ordinary limit unless said otherwise. */
export interface BodyRule {
  readonly kinds: readonly BodyKind[];
  readonly purpose: BodyPurpose;
}

export const DEFAULT_BODY_RULE: BodyRule = { kinds: ['json'], purpose: 'ordinary' };

export const MEDIA_TYPES: Record<BodyKind, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  bytes: 'application/octet-stream',
};

/** States the media types and the size limit of a handler's body. */
export function AcceptsBody(rule: BodyRule): MethodDecorator {
  return applyDecorators(SetMetadata(BODY_RULE, rule), ApiConsumes(...rule.kinds.map((kind) => MEDIA_TYPES[kind])));
}
