import { createHash } from 'node:crypto';
import { InvalidInputError } from '../errors/domain-error.js';

const DIGEST_LENGTH = 16;

/** Position of the last item of a page: its values in the columns of the order. The last column is unique. */
export type Position = readonly (string | number)[];

/** Identifies a listing, as JSON: its order, its filter and its owner. */
type Listing = unknown;

export class InvalidCursorError extends InvalidInputError {
  constructor() {
    const message =
      'cursor must be the nextCursor of an answer to the same sort and filter; leave it out to start again';
    super([{ location: ['query', 'cursor'], type: 'cursor', message }]);
  }
}

/** Encodes a position as an opaque cursor, with a digest of the position and the listing. */
export function encodeCursor(listing: Listing, last: Position): string {
  return Buffer.from(JSON.stringify([digest(listing, last), ...last])).toString('base64url');
}

/**
 * Decodes a cursor. Throws `InvalidCursorError` unless `encodeCursor` returned it for this listing.
 *
 * @param possible a check for each column: a forged position must not reach the database
 */
export function decodeCursor(
  listing: Listing,
  cursor: string,
  possible: readonly ((value: unknown) => boolean)[],
): Position {
  const last = positionIn(cursor);
  const isPossible = last.length === possible.length && possible.every((accepts, index) => accepts(last[index]));
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

function digest(listing: Listing, last: Position): string {
  const content = JSON.stringify([listing, last]);
  return createHash('sha256').update(content).digest('base64url').slice(0, DIGEST_LENGTH);
}
