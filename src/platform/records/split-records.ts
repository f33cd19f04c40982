/** Says where records end in bytes that follow each other. */
export interface Scanner {
  /** Where the next record that ends in `bytes` does so, looking from `from`; 0 where none does. */
  next(bytes: Buffer, from: number): number;
}

/** Whole records; or, of the last bytes of a file, what no record ends in. */
export interface Cut {
  readonly bytes: Buffer;
  readonly isRest: boolean;
}

/** The largest record, in bytes. */
export const MAX_RECORD = 2 ** 20;

/**
 * Puts pieces together to what holds whole records, one or many.
 *
 * @param tooLarge the error for a record of more than 1 MB
 */
export async function* cut(
  pieces: AsyncIterable<Buffer>,
  scanner: Scanner,
  tooLarge: () => Error,
): AsyncGenerator<Cut> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    const first = scanner.next(piece, 0);
    if (size + (first || piece.length) > MAX_RECORD) throw tooLarge();
    const end = lastEnd(scanner, piece, first);
    if (end > 0) {
      yield { bytes: Buffer.concat([...held, piece.subarray(0, end)]), isRest: false };
      held = [];
      size = 0;
    }
    if (end === piece.length) continue;
    held.push(piece.subarray(end));
    size += piece.length - end;
  }
  if (size > 0) yield { bytes: Buffer.concat(held), isRest: true };
}

function lastEnd(scanner: Scanner, piece: Buffer, first: number): number {
  let end = first;
  for (let next = first; next > 0; next = scanner.next(piece, next)) end = next;
  return end;
}
