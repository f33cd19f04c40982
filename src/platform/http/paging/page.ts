import { ApiProperty } from '@nestjs/swagger';
import { IntegerParameter, TextField } from '../validation/fields.js';
import { encodeCursor, type Position } from './cursor.js';

export const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const MAX_CURSOR_LENGTH = 512;

/** A part of a listing. */
export interface Page<T> {
  readonly items: T[];
  /** Where the next page begins; null where this is the last. */
  readonly nextCursor: string | null;
}

/** The query parameter `limit`. */
export function LimitParameter(): PropertyDecorator {
  const description = 'The most items of a page';
  return IntegerParameter({ optional: true, default: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT, description });
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
 * The page that begins with `found`.
 *
 * @param found one more than `limit`, where there are so many
 * @param positionOf an item, in the listing's order
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
