/** One entity tag of a list, followed by a comma or the end (RFC 9110, 8.8.3 and 5.6.1). */
const LISTED_TAG = /[ \t]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

interface EntityTag {
  readonly isWeak: boolean;
  readonly opaque: string;
}

/** Whether `If-Match` contains the strong `tag`. A weak tag never matches, and neither does a malformed header. */
export function matchesStrongly(ifMatch: string, tag: string): boolean {
  return isAny(ifMatch) || parse(ifMatch).some(({ isWeak, opaque }) => !isWeak && opaque === tag);
}

/** Whether `If-None-Match` contains `tag`, strong or weak. A malformed header never matches. */
export function matchesWeakly(ifNoneMatch: string, tag: string): boolean {
  return isAny(ifNoneMatch) || parse(ifNoneMatch).some(({ opaque }) => opaque === tag);
}

function isAny(header: string): boolean {
  return header.trim() === '*';
}

/** Parses the tags of a header; returns none if any part of it is malformed. */
function parse(header: string): EntityTag[] {
  const tags: EntityTag[] = [];
  LISTED_TAG.lastIndex = 0;
  while (LISTED_TAG.lastIndex < header.length) {
    const [, weak, opaque] = LISTED_TAG.exec(header) ?? [];
    if (opaque === undefined) return [];
    tags.push({ isWeak: weak !== undefined, opaque });
  }
  return tags;
}
