/**
 * The search key of a name: equal for names that differ only in case, in any script. It approximates Unicode full case
 * folding with JavaScript's own functions: ß, ẞ and SS become ss, ſ becomes s, and Σ, σ and ς become σ. Code points are
 * lower-cased one by one, because `toLowerCase` of a whole word would apply the final-sigma rule.
 */
export function nameKey(name: string): string {
  return lowerCaseEach(lowerCaseEach(name.normalize('NFC')).toUpperCase()).normalize('NFC');
}

function lowerCaseEach(text: string): string {
  return Array.from(text, (codePoint) => codePoint.toLowerCase()).join('');
}
