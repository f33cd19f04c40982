import type { FieldError } from '../errors/domain-error.js';

type Path = readonly (string | number)[];

/** Deeper than any documented body, and far below the limit of the stack. */
const MAX_DEPTH = 32;
/** Property names of every object. class-transformer drops some of them silently, class-validator treats others as known. */
const PROTOTYPE_KEYS = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'];

/**
 * Finds values that no field may contain: NUL and lone surrogates, which not every database can store as UTF-8 text, keys that
 * could change a prototype, and nesting that is too deep.
 */
export function findUnsafe(value: unknown, path: Path): FieldError[] {
  if (typeof value === 'string') return unsafeText(value, path);
  if (typeof value !== 'object' || value === null) return [];
  if (path.length > MAX_DEPTH) return [error(path, 'depth', `is nested more than ${MAX_DEPTH} deep`)];
  if (Array.isArray(value)) return value.flatMap((item, index) => findUnsafe(item, [...path, index]));
  const reserved = PROTOTYPE_KEYS.filter((key) => Object.hasOwn(value, key));
  if (reserved.length > 0) return reserved.map((key) => error([...path, key], 'unknown', 'is not a known field'));
  return Object.entries(value).flatMap(([key, item]) => findUnsafe(item, [...path, key]));
}

/** Whether a text has no NUL and no lone surrogate, so that every database and every model accepts it. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && isWellFormed(text);
}

function unsafeText(text: string, path: Path): FieldError[] {
  if (text.includes('\0')) return [error(path, 'text', 'must not contain a NUL character')];
  if (!isWellFormed(text)) return [error(path, 'text', 'must be well-formed Unicode text, without lone surrogates')];
  return [];
}

/** `String.prototype.isWellFormed` is in Node 20, but not in TypeScript's ES2023 library. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function error(path: Path, type: string, rest: string): FieldError {
  return { location: path, type, message: `${path.slice(1).join('.') || String(path[0])} ${rest}` };
}
