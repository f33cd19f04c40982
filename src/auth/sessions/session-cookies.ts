import { createHmac, timingSafeEqual } from 'node:crypto';

/** A browser sends a cookie of the name for each path and domain that has set one; the rest is not looked at. */
const MAX_COOKIES = 10;

/** A session cookie with a valid signature. */
export interface SignedCookie {
  /** `<name>=<value>`, as in the header. */
  readonly pair: string;
  readonly secretId: string;
}

/** The session cookies of a `Cookie` header, signed or not: at most 10, as `<name>=<value>` in the order of the header. */
export function sessionCookiesOf(header: string | undefined, name: string): string[] {
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).slice(0, MAX_COOKIES);
}

/** Those of `pairs` that one of the secrets has signed, as express-session signs them: `s:<id>.<signature>`, URL-encoded. */
export function signedCookiesOf(pairs: readonly string[], secrets: readonly string[]): SignedCookie[] {
  return pairs.flatMap((pair) => {
    const secretId = verify(decode(pair.slice(pair.indexOf('=') + 1)), secrets);
    return secretId === undefined ? [] : [{ pair, secretId }];
  });
}

function verify(value: string, secrets: readonly string[]): string | undefined {
  const end = value.lastIndexOf('.');
  if (!value.startsWith('s:') || end < 0) return undefined;
  const [secretId, signature] = [value.slice(2, end), Buffer.from(value.slice(end + 1))];
  const isSigned = secrets.some((secret) => {
    const expected = Buffer.from(createHmac('sha256', secret).update(secretId).digest('base64').replace(/=+$/, ''));
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  });
  return isSigned ? secretId : undefined;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replace(/^"(.*)"$/, '$1'));
  } catch {
    return value;
  }
}
