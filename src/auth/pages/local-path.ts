/** Longer than any path here, and shorter than what servers refuse. */
const MAX_LENGTH = 1_024;
/** Printable ASCII after one slash: browsers read two, or a backslash, as the beginning of another host. */
const PATH = /^\/(?![/\\])[!-[\]-~]*$/;
/** Where nobody wants to be once they have logged in. */
const DOORS = ['/login', '/logout', '/signup'];
const HERE = 'http://here.invalid';

/** A path of ours to go to, as a query parameter names it; undefined where it is anything else. */
export function localPath(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > MAX_LENGTH || !PATH.test(given)) return undefined;
  if (!URL.canParse(given, HERE)) return undefined;
  // Dots in a path go away in a browser: what is left has to be a path of ours too.
  const { origin, pathname } = new URL(given, HERE);
  const isOurs = origin === HERE && !pathname.startsWith('//') && !DOORS.includes(pathname);
  return isOurs ? given : undefined;
}
