import { decodeCursor, hasLength, isStorableText, type Position } from '../platform/http/index.js';
import { MAX_ID, MAX_NAME_LENGTH, MAX_PRICE } from './entities/menu.entity.js';
import { type MenuListing, sortColumns } from './menu-listing.js';

const POSSIBLE: Record<'id' | 'name' | 'price', (value: unknown) => boolean> = {
  id: (value) => isWholeNumber(value, MAX_ID),
  price: (value) => isWholeNumber(value, MAX_PRICE),
  name: (value) => typeof value === 'string' && hasLength(value, 1, MAX_NAME_LENGTH) && isStorableText(value),
};

/** Where a page of this listing ended; throws `InvalidCursorError` unless the cursor came with one. */
export function positionIn(listing: MenuListing, cursor: string): Position {
  const possible = sortColumns(listing.sort).map((column) => POSSIBLE[column]);
  return decodeCursor(cursorKey(listing), cursor, possible);
}

/** What a cursor belongs to. */
export function cursorKey({ sort, partOfNameKey, minPrice, maxPrice }: MenuListing): unknown {
  return [sort, partOfNameKey, minPrice, maxPrice];
}

function isWholeNumber(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}
