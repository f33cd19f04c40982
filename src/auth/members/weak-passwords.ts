import { readFileSync } from 'node:fs';
import { SOURCE_ROOT } from '../../platform/config/index.js';

/** Error text for a weak password, to follow the name of its field. */
export const WEAK_PASSWORD_MESSAGE =
  'is among the first that are guessed: take one that is neither common nor your e-mail address; ' +
  'a few unrelated words do well';

let commonPasswords: ReadonlySet<string> | undefined;

/**
 * Whether the password is a common one, the member's e-mail address, or the local part of that address. Ignores case,
 * compatibility characters (`ｐ`, `ﬁ`, `ſ`) and surrounding white space.
 *
 * @param password of limited length: Unicode normalization of long texts is slow
 */
export function isWeakPassword(password: string, email = ''): boolean {
  const key = comparisonKey(password);
  const address = comparisonKey(email);
  return loadCommonPasswords().has(key) || [address, address.split('@', 1)[0]].includes(key);
}

/** `scripts/common-passwords.mjs` writes the list in the same form. */
function comparisonKey(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}

/** Loads the list at the first check, to keep it out of the start-up time. */
function loadCommonPasswords(): ReadonlySet<string> {
  const file = new URL('auth/members/common-passwords.txt', SOURCE_ROOT);
  commonPasswords ??= new Set(readFileSync(file, 'utf8').split('\n'));
  return commonPasswords;
}
