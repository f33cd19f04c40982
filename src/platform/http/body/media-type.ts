const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** A Content-Type in lower case and without parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

/** The parameter `charset` of a Content-Type, in lower case. */
export function charsetOf(contentType: string): string | undefined {
  return CHARSET.exec(contentType)?.[1]?.toLowerCase();
}
