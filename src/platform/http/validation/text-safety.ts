import type { FieldError } from '../errors/domain-error.js';

type Path = readonly (string | number)[];

/** Deeper than any documented body, and far from the depth at which recursion ends. */
const MAX_DEPTH = 32;
/** Names that every object has: class-transformer drops some of them in silence, class-validator takes others as known. */
const PROTOTYPE_KEYS = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'];

/**
 * Broken things that no field of any request may hold: NUL, a lone surrogate (neither can be stored as UTF-8 text on every
 * database), a key that reaches into a prototype, and nesting without end.
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

/** Text without NUL and lone surrogates: what every database and every model can take. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && isWellFormed(text);
}

function unsafeText(text: string, path: Path): FieldError[] {
  if (text.includes('\0')) return [error(path, 'text', 'must not contain a NUL character')];
  if (!isWellFormed(text)) return [error(path, 'text', 'must be well-formed Unicode text, without lone surrogates')];
  return [];
}

/** `String.prototype.isWellFormed`, which the ES2023 library of TypeScript does not list yet; Node has it since 20. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function error(path: Path, type: string, rest: string): FieldError {
  return { location: path, type, message: `${path.slice(1).join('.') || String(path[0])} ${rest}` };
}
