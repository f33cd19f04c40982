import { readFileSync } from 'node:fs';
import { SOURCE_ROOT } from '../../config/index.js';

/** What is wrong with such a password, after the name of its field. */
export const GUESSABLE =
  'is among the first that are guessed: take one that is not common, and not made of ' +
  "your e-mail address or this service's name; a few unrelated words do well";

const SERVICE = 'barista';
/** With so few characters more, a name is still all there is to guess. */
const MAX_BESIDE_NAME = 3;

let common: ReadonlySet<string> | undefined;

/**
 * Whether the password is common, or hardly more than the service's name or what the member's e-mail address says. Capitals,
 * compatible characters (`ｐ`, `ﬁ`, `ſ`) and white space at the ends make no difference.
 *
 * @param password no longer than one may be: Unicode's normal forms take their time on endless texts
 */
export function isGuessable(password: string, email = ''): boolean {
  const key = keyOf(password);
  const address = keyOf(email);
  const names = [SERVICE, address, address.split('@', 1)[0]!].filter((name) => name !== '');
  return commonPasswords().has(key) || names.some((name) => isHardlyMoreThan(key, name));
}

function isHardlyMoreThan(key: string, name: string): boolean {
  return key.length - name.length <= MAX_BESIDE_NAME && key.includes(name);
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
