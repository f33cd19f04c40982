import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';

export type BodyKind = 'json' | 'form';
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
};

/** States the media types and the size limit of a handler's body. */
export function AcceptsBody(rule: BodyRule): MethodDecorator {
  return applyDecorators(SetMetadata(BODY_RULE, rule), ApiConsumes(...rule.kinds.map((kind) => MEDIA_TYPES[kind])));
}
