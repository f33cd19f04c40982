import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';

/** The fields of a DTO: `validateAs` refuses any other. */
export function validatedNames(type: Type<object>): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}
