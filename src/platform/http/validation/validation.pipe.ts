import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { RouteParamtypes } from '@nestjs/common/internal';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import { type FieldError, InvalidInputError } from '../errors/domain-error.js';
import { acceptAs } from './field-checks.js';
import { findUnsafe } from './text-safety.js';

type Location = 'body' | 'query' | 'path';

const LOCATIONS: Partial<Record<ArgumentMetadata['type'], Location>> = { body: 'body', query: 'query', param: 'path' };
const VALIDATED = new Set<number>([RouteParamtypes.BODY, RouteParamtypes.QUERY, RouteParamtypes.PARAM]);
const PRIMITIVES = new Set<unknown>([undefined, Object, String, Number, Boolean, Array]);

/** Whether a parameter of this kind (`RouteParamtypes`) and type is a DTO. */
export function isValidated(kind: number, type: unknown): boolean {
  return VALIDATED.has(kind) && !PRIMITIVES.has(type);
}

/** Converts bodies, queries and path parameters to instances of their DTO, or reports every invalid field. */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    const location = LOCATIONS[type]!;
    return acceptAs(metatype as Type<object>, value) ?? check(metatype as Type<object>, value, [location]);
  }
}

/**
 * Converts `value` to an instance of `type`. Throws `InvalidInputError` with one entry for each invalid field.
 *
 * @param location location of the value: `["body"]`, `["body", "instances", 3]`
 */
export async function validateAs<T extends object>(
  type: Type<T>,
  value: unknown,
  location: FieldError['location'],
): Promise<T> {
  return acceptAs(type, value) ?? check(type, value, location);
}

async function check<T extends object>(type: Type<T>, value: unknown, location: FieldError['location']): Promise<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const problem = value === undefined ? 'is required and' : 'is not what was expected: it';
    const message = `${location.join('.')} ${problem} must be an object`;
    throw new InvalidInputError([{ location, type: 'object', message }]);
  }
  const unsafe = findUnsafe(value, location);
  if (unsafe.length > 0) throw new InvalidInputError(unsafe);
  const instance = plainToInstance(type, value, { exposeUnsetFields: false });
  const errors = await validate(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  if (errors.length > 0) throw new InvalidInputError(errors.flatMap((error) => fieldErrors(error, location)));
  return instance;
}

function fieldErrors(error: ValidationError, parent: FieldError['location']): FieldError[] {
  const isIndex = Array.isArray(error.target) && /^\d+$/.test(error.property);
  const location = [...parent, isIndex ? Number(error.property) : error.property];
  const children = (error.children ?? []).flatMap((child) => fieldErrors(child, location));
  return children.length > 0 ? children : [{ location, ...firstError(error, location[0]) }];
}

function firstError(error: ValidationError, place: unknown): { type: string; message: string } {
  const [rule = 'invalid', message = 'is not valid'] = Object.entries(error.constraints ?? {})[0] ?? [];
  const kind = place === 'query' ? 'query parameter' : 'field';
  if (rule === 'whitelistValidation') return { type: 'unknown', message: `${error.property} is not a known ${kind}` };
  if (error.value === undefined) return { type: 'missing', message: `${error.property} is required: ${message}` };
  return { type: rule, message };
}
