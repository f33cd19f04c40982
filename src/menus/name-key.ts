/**
 * `name` as it is searched: two names that differ only in case, in any script, have the same key. Unicode's full case
 * folding, made of what JavaScript has: ß, ẞ and SS become ss, ſ becomes s, and Σ, σ and ς become σ, since code points
 * are lower-cased one by one, without the rule for the end of a Greek word.
 */
export function nameKey(name: string): string {
  return lowerCase(lowerCase(name.normalize('NFC')).toUpperCase()).normalize('NFC');
}

function lowerCase(text: string): string {
  return Array.from(text, (codePoint) => codePoint.toLowerCase()).join('');
}
