import { readFileSync } from 'node:fs';
import { SOURCE_ROOT } from '../../platform/config/index.js';

/** What is wrong with such a password, after the name of its field. */
export const GUESSABLE =
  'is among the first that are guessed: take one that is neither common nor your e-mail address; ' +
  'a few unrelated words do well';

let common: ReadonlySet<string> | undefined;

/**
 * Whether the password is common, or the member's e-mail address, or the name in it. Capitals,
 * compatible characters (`ｐ`, `ﬁ`, `ſ`) and white space at the ends make no difference.
 *
 * @param password no longer than one may be: Unicode's normal forms take their time on endless texts
 */
export function isGuessable(password: string, email = ''): boolean {
  const key = keyOf(password);
  const address = keyOf(email);
  return commonPasswords().has(key) || [address, address.split('@', 1)[0]].includes(key);
}

/** As `scripts/common-passwords.mjs` has written them. */
function keyOf(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}

/** Read when the first password is chosen: no start waits for it. */
function commonPasswords(): ReadonlySet<string> {
  const file = new URL('auth/members/common-passwords.txt', SOURCE_ROOT);
  common ??= new Set(readFileSync(file, 'utf8').split('\n'));
  return common;
}
