import type { Type } from '@nestjs/common';
import { defaultMetadataStorage as transformers } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage } from 'class-validator';
import { isStorableText } from './text-safety.js';

/** How one field is converted and checked. */
export interface FieldCheck {
  readonly optional?: boolean;
  readonly description?: string;
  readonly accepts: (value: unknown) => boolean;
  readonly convert?: (value: unknown) => unknown;
  /** Schema in the OpenAPI document. */
  readonly schema?: { readonly type?: unknown };
}

type Checks = ReadonlyMap<string, FieldCheck>;

const checksOf = new WeakMap<object, Map<string, FieldCheck>>();
const accepting = new WeakMap<object, Checks | undefined>();

/** Registers the check of a field, in addition to the metadata of class-transformer and class-validator. */
export function rememberCheck(check: FieldCheck): PropertyDecorator {
  return ({ constructor }, name) => {
    const checks = checksOf.get(constructor) ?? new Map<string, FieldCheck>();
    checksOf.set(constructor, checks.set(String(name), check));
  };
}

/**
 * Fast path for valid values, which nearly all are. It reports no errors: `validateAs` validates a value that is not accepted
 * here again, with class-transformer and class-validator, whose result counts. Only for classes whose fields all have a
 * registered check.
 *
 * @returns the result of `validateAs`, or undefined if it must be called
 */
export function acceptAs<T extends object>(type: Type<T>, value: unknown): T | undefined {
  const checks = fieldChecksOf(type);
  if (!checks || typeof value !== 'object' || value === null) return undefined;
  const instance = new type() as Record<string, unknown>;
  let known = 0;
  for (const [name, { accepts, convert, optional }] of checks) {
    const isGiven = Object.hasOwn(value, name);
    if (isGiven) known += 1;
    const given = isGiven ? (value as Record<string, unknown>)[name] : instance[name];
    if (!isSafe(given)) return undefined;
    const converted = isGiven && convert ? convert(given) : given;
    if (converted === undefined && optional && !isGiven) continue;
    if (!accepts(converted)) return undefined;
    instance[name] = converted;
  }
  return Object.keys(value).length === known ? (instance as T) : undefined;
}

/** The checks of a class, if all its fields have one. */
export function fieldChecksOf(type: Type): Checks | undefined {
  if (!accepting.has(type)) accepting.set(type, hasOnlyFields(type) ? checksOf.get(type) : undefined);
  return accepting.get(type);
}

/** Whether the registered checks cover all validation and transformation metadata of a class. */
function hasOnlyFields(type: Type): boolean {
  const checks = checksOf.get(type);
  if (!checks || Object.getPrototypeOf(type) !== Function.prototype) return false;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const expected = [...checks.values()].reduce((sum, { optional }) => sum + (optional ? 2 : 1), 0);
  if (rules.length !== expected || transformers.getStrategy(type) !== 'none') return false;
  return [...checks].every(([name, { convert }]) => {
    const conversions = transformers.findTransformMetadatas(type, name, PLAIN_TO_CLASS).length;
    const others = [
      transformers.findTypeMetadata(type, name),
      transformers.findExposeMetadata(type, name),
      transformers.findExcludeMetadata(type, name),
    ];
    return conversions === (convert ? 1 : 0) && others.every((other) => other === undefined);
  });
}

/** `TransformationType.PLAIN_TO_CLASS` */
const PLAIN_TO_CLASS = 0;

/** Nested values need `findUnsafe`. */
function isSafe(value: unknown): boolean {
  return typeof value === 'string' ? isStorableText(value) : typeof value !== 'object' && typeof value !== 'bigint';
}
