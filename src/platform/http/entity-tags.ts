/** One entity tag of a list, and the comma or end after it (RFC 9110, 8.8.3 and 5.6.1). */
const LISTED_TAG = /[ \t]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

interface EntityTag {
  readonly isWeak: boolean;
  readonly opaque: string;
}

/** Whether `If-Match` names the strong `tag`: a weak one never matches, and neither does a header that is malformed. */
export function matchesStrongly(ifMatch: string, tag: string): boolean {
  return isAny(ifMatch) || parse(ifMatch).some(({ isWeak, opaque }) => !isWeak && opaque === tag);
}

/** Whether `If-None-Match` names `tag`, be it as a weak one; a header that is malformed does not. */
export function matchesWeakly(ifNoneMatch: string, tag: string): boolean {
  return isAny(ifNoneMatch) || parse(ifNoneMatch).some(({ opaque }) => opaque === tag);
}

function isAny(header: string): boolean {
  return header.trim() === '*';
}

/** The tags of a header; none where any part of it is malformed. */
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
