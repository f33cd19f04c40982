import { createHash } from 'node:crypto';
import { hasLength, isStorableText } from '../http/index.js';
import { MAX_ID, MAX_NAME_LENGTH, MAX_PRICE } from './entities/menu.entity.js';
import { type MenuListing, type Position, sortColumns } from './menu-listing.js';
import { InvalidCursorError } from './menus.errors.js';

const DIGEST_LENGTH = 16;

/** What a column can hold: a position that somebody made up must not reach the database. */
const POSSIBLE: Record<'id' | 'name' | 'price', (value: unknown) => boolean> = {
  id: (value) => isWholeNumber(value, MAX_ID),
  price: (value) => isWholeNumber(value, MAX_PRICE),
  name: (value) => typeof value === 'string' && hasLength(value, 1, MAX_NAME_LENGTH) && isStorableText(value),
};

/** An opaque text from which the listing goes on after `last`: the position, and a digest of it and of the listing. */
export function encodeCursor(listing: MenuListing, last: Position): string {
  return Buffer.from(JSON.stringify([digest(listing, last), ...last])).toString('base64url');
}

/** Throws `InvalidCursorError` unless `cursor` is exactly what `encodeCursor` gave for this listing. */
export function decodeCursor(listing: MenuListing, cursor: string): Position {
  const last = positionIn(cursor);
  const columns = sortColumns(listing.sort);
  const isPossible = last.length === columns.length && columns.every((column, index) => POSSIBLE[column](last[index]));
  if (!isPossible || encodeCursor(listing, last as Position) !== cursor) throw new InvalidCursorError();
  return last as Position;
}

function positionIn(cursor: string): unknown[] {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(content) ? (content as unknown[]).slice(1) : [];
  } catch {
    return [];
  }
}

function digest({ sort, partOfNameKey, minPrice, maxPrice }: MenuListing, last: Position): string {
  const content = JSON.stringify([sort, partOfNameKey, minPrice, maxPrice, last]);
  return createHash('sha256').update(content).digest('base64url').slice(0, DIGEST_LENGTH);
}

function isWholeNumber(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}
