import type { Type } from '@nestjs/common';
import { fieldChecksOf } from './field-checks.js';
import { booleanOf, numberOf, wholeNumberOf } from './text-values.js';

type Texts = Readonly<Record<string, string>>;

/** Named values that can be read from texts, as a form and a CSV have them. */
export interface TextFields {
  readonly names: readonly string[];
  readonly required: readonly string[];
  /** Leaves what it cannot read, and what it does not know, as it is: to be refused. */
  read(texts: Texts): Record<string, unknown>;
}

/** By the type that a field has in the OpenAPI document. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  string: (text) => text,
  integer: (text) => wholeNumberOf(text) ?? text,
  number: (text) => numberOf(text) ?? text,
  boolean: (text) => booleanOf(text) ?? text,
};

/** The fields of a DTO; undefined where it has other than our own, or one that is more than a plain value. */
export function textFieldsOf(type: Type<object>): TextFields | undefined {
  const checks = [...(fieldChecksOf(type) ?? [])];
  const readers = new Map(checks.map(([name, { schema }]) => [name, READERS[String(schema?.type)]]));
  if (checks.length === 0 || [...readers.values()].includes(undefined)) return undefined;
  return {
    names: [...readers.keys()],
    required: checks.filter(([, { optional }]) => !optional).map(([name]) => name),
    read: (texts) =>
      Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, readers.get(name)?.(text) ?? text])),
  };
}
