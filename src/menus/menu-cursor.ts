import { decodeCursor, hasLength, isStorableText, type Position } from '../platform/http/index.js';
import { MAX_ID, MAX_NAME_LENGTH, MAX_PRICE } from './entities/menu.entity.js';
import { type MenuListing, sortColumns } from './menu-listing.js';

/** Checks of the values that a cursor may carry for a column. */
const COLUMN_CHECKS: Record<'id' | 'name' | 'price', (value: unknown) => boolean> = {
  id: (value) => isWholeNumber(value, MAX_ID),
  price: (value) => isWholeNumber(value, MAX_PRICE),
  name: (value) => typeof value === 'string' && hasLength(value, 1, MAX_NAME_LENGTH) && isStorableText(value),
};

/**
 * The sort position at which the previous page ended.
 *
 * @throws InvalidCursorError if the cursor is forged or belongs to another sort or filter
 */
export function decodeMenuCursor(listing: MenuListing, cursor: string): Position {
  const checks = sortColumns(listing.sort).map((column) => COLUMN_CHECKS[column]);
  return decodeCursor(cursorScope(listing), cursor, checks);
}

/** Identifies the sort and filter that a cursor is bound to. */
export function cursorScope({ sort, partOfNameKey, minPrice, maxPrice }: MenuListing): unknown {
  return [sort, partOfNameKey, minPrice, maxPrice];
}

function isWholeNumber(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}
