import { parseExactJson } from '../../platform/http/index.js';
import { ELEMENT_RULES } from './element-rules.js';
import { isMissingText, isMissingWord } from './missing-values.js';
import type { RowField } from './row-schema.js';
import type { ElementType } from './tensor.js';

/** A number with a comma: 1,5 may be meant as 1.5, but 1,500 as 1.5 or as 1500. */
const DECIMAL_COMMA = /^\s*[+-]?[\d.]*\d,\d+(e[+-]?\d+)?\s*$/i;
/** No model takes more dimensions; it bounds the recursion. */
const MAX_DEPTH = 32;
/** The opening bracket of a list, with the spaces around it. */
const OPEN = /\s*\[\s*/y;
const CLOSE = /\s*\]/y;
/** Between two values: Python's comma, or NumPy's white space. */
const COMMA = /\s*,\s*/y;
const SPACE = /\s+/y;
/** A text in quotes without escapes, or anything else up to the next separator. */
const ELEMENT = /'([^'\\]*)'|"([^"\\]*)"|[^\s,[\]'"]+/y;

/**
 * Reads the text of a form field or of a cell as the value of a feature: a plain value, or a list as JSON, Python and NumPy
 * write it; null for one that says "missing" where that may be. An empty text is as if the key were absent. A text that cannot be
 * read stays a text, which the validation refuses.
 */
export function readText(text: string, field: RowField): unknown {
  if (field.shape.length === 0 && (field.type === 'string' || !text.trimStart().startsWith('['))) {
    const value = ELEMENT_RULES[field.type].parse(text);
    return typeof value === 'string' ? readWord(value, field) : value;
  }
  return readJsonList(text, field) ?? readPythonList(text, field) ?? text;
}

/** Spaces around one of the allowed texts do not count. */
function readWord(text: string, field: RowField): unknown {
  const { nullable, values } = field.feature;
  if (nullable && isMissingText(field, text)) return text === '' ? undefined : null;
  return field.type === 'string' && values?.includes(text.trim()) && !values.includes(text) ? text.trim() : text;
}

/** How to write a list as a text, to follow the message of an error; empty for another value than a text. */
export function listHint(value: unknown): string {
  return typeof value === 'string' ? '; in a text write it as JSON, such as [1, 2]' : '';
}

/** How to write a number that has a comma, to follow the message of an error; empty for other values. */
export function numberHint(value: unknown, type: ElementType): string {
  if (typeof value !== 'string' || type === 'string' || !DECIMAL_COMMA.test(value)) return '';
  return '; write decimals with a point, and thousands without a comma';
}

/** Undefined if the text is no JSON, or has numbers where the model takes true and false. */
function readJsonList(text: string, { type }: RowField): unknown {
  if (type === 'bool') return undefined;
  try {
    const value = parseExactJson(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `[True, False]`, `['a', 'b']`, `[1. 2.]`, `[[1 2]\n [3 4]]`. A long array that NumPy has abbreviated with `...` is none: its
 * values are not there.
 */
function readPythonList(text: string, { type, feature }: RowField): unknown {
  const { parse } = ELEMENT_RULES[type];
  const cursor: Cursor = { text, at: 0 };
  const list = readList(cursor, 0, (element, isQuoted) => {
    if (isQuoted) return type === 'string' ? element : undefined;
    if (feature.nullable && isMissingWord(element)) return null;
    const value = type === 'string' ? undefined : parse(element);
    return value === element ? undefined : value;
  });
  return list && text.slice(cursor.at).trim() === '' ? list : undefined;
}

interface Cursor {
  readonly text: string;
  at: number;
  /** The first separator that was found: a list with both kinds is neither Python's nor NumPy's. */
  separator?: RegExp;
}

type ReadElement = (element: string, isQuoted: boolean) => unknown;

function readList(cursor: Cursor, depth: number, readElement: ReadElement): unknown[] | undefined {
  if (depth > MAX_DEPTH || !take(OPEN, cursor)) return undefined;
  const list: unknown[] = [];
  if (take(CLOSE, cursor)) return list;
  do {
    const value = readItem(cursor, depth, readElement);
    if (value === undefined) return undefined;
    list.push(value);
    if (take(CLOSE, cursor)) return list;
  } while (takeSeparator(cursor));
  return undefined;
}

function readItem(cursor: Cursor, depth: number, readElement: ReadElement): unknown {
  const element = take(ELEMENT, cursor);
  if (!element) return readList(cursor, depth + 1, readElement);
  const quoted = element[1] ?? element[2];
  return readElement(quoted ?? element[0], quoted !== undefined);
}

function takeSeparator(cursor: Cursor): boolean {
  const separator = take(COMMA, cursor) ? COMMA : take(SPACE, cursor) ? SPACE : undefined;
  cursor.separator ??= separator;
  return separator !== undefined && separator === cursor.separator;
}

function take(pattern: RegExp, cursor: Cursor): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match) cursor.at = pattern.lastIndex;
  return match;
}
