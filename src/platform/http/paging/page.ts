import { ApiProperty } from '@nestjs/swagger';
import { IntegerParameter, TextField } from '../validation/fields.js';
import { encodeCursor, type Position } from './cursor.js';

export const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const MAX_CURSOR_LENGTH = 512;

/** One page of a listing. */
export interface Page<T> {
  readonly items: T[];
  /** Cursor of the next page; null on the last page. */
  readonly nextCursor: string | null;
}

/** The query parameter `limit`. */
export function LimitParameter(): PropertyDecorator {
  const description = 'The most items of a page';
  return IntegerParameter({
    optional: true,
    default: DEFAULT_LIMIT,
    min: 1,
    max: MAX_LIMIT,
    description,
    digitsOnly: true,
  });
}

/** The query parameter `cursor`. */
export function CursorParameter(description: string): PropertyDecorator {
  return TextField({ optional: true, maxLength: MAX_CURSOR_LENGTH, trim: false, description });
}

/** The field `nextCursor` of a page. */
export function NextCursorProperty(description: string): PropertyDecorator {
  return ApiProperty({ type: 'string', nullable: true, description, example: null });
}

/**
 * Makes a page from the items found.
 *
 * @param found up to `limit + 1` items: one more than `limit` means that there is a next page
 * @param positionOf returns the position of an item in the order of the listing
 */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  { listing, positionOf }: { readonly listing: unknown; readonly positionOf: (item: T) => Position },
): Page<T> {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : encodeCursor(listing, positionOf(last)) };
}
