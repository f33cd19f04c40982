/** One or more spaces follow the scheme, which has no case (RFC 9110, section 11.4). */
const BEARER = /^bearer(?:[ \t]+(.*))?$/i;

/** The bearer token of an `Authorization` header, unvalidated; empty where it has none, undefined for another scheme. */
export function bearerTokenOf(authorization: string | undefined): string | undefined {
  const match = BEARER.exec(authorization ?? '');
  return match ? (match[1] ?? '') : undefined;
}
