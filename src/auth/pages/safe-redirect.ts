/** Longer than any path of this application, and shorter than the limits of servers. */
const MAX_LENGTH = 1_024;
/** Printable ASCII after one slash. Browsers read `//` and `/\` as the start of another host. */
const LOCAL_PATH = /^\/(?![/\\])[!-[\]-~]*$/;
/** Useless as a destination after a login. */
const EXCLUDED = ['/login', '/logout', '/signup'];
const BASE = 'http://here.invalid';

/** Prevents open redirects: returns the query parameter if it is a path of this application, else undefined. */
export function safeRedirectPath(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > MAX_LENGTH || !LOCAL_PATH.test(given)) return undefined;
  if (!URL.canParse(given, BASE)) return undefined;
  // Browsers resolve dot segments: the result has to be a local path too.
  const { origin, pathname } = new URL(given, BASE);
  const isLocal = origin === BASE && !pathname.startsWith('//') && !EXCLUDED.includes(pathname);
  return isLocal ? given : undefined;
}
