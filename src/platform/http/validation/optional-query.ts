import { applyDecorators, type Type } from '@nestjs/common';
import { ApiQuery, type ApiQueryOptions } from '@nestjs/swagger';
import { AnyQuery } from '../body/any-query.decorator.js';
import { fieldChecksOf } from './field-checks.js';

/**
 * For a handler that reads its query itself, with `validateAs` and only where the URL has any: documents the parameters of the
 * DTO. A `@Query()` would be validated for each request.
 */
export function OptionalQuery(type: Type<object>): MethodDecorator {
  const parameters = [...(fieldChecksOf(type) ?? [])].map(([name, { schema, optional = false, description }]) => {
    return ApiQuery({ name, required: !optional, description, schema } as ApiQueryOptions);
  });
  return applyDecorators(AnyQuery(), ...parameters);
}
