const MIN_LENGTH = 32;
/** The probability that 32 random hexadecimal digits have fewer distinct ones is below 1 in 1,000,000. */
const MIN_DISTINCT = 8;

/** Phrases of placeholders that the operator was meant to replace. */
const PLACEHOLDER =
  /change.?(me|this|it)|replace.?(me|this|with)|place.?holder|example|your.?(own|session|secret|key)/i;

/** A text of these words only was typed, not generated. */
const PLACEHOLDER_WORDS = new Set(
  (
    'a an and any at barista be character characters chars default dev development for goes here in insert is it key ' +
    'keys keyboard cat least length long minimum must my none of only or password please prod production random ' +
    'replace secret session set some string strong super the this to todo todos very with xxx you your'
  ).split(' '),
);

/** Describes why a secret is weak, without quoting it; undefined if it is strong enough. */
export function describeWeakness(secret: string): string | undefined {
  if (secret.length < MIN_LENGTH) return `must have at least ${MIN_LENGTH} characters`;
  if (new Set(secret).size < MIN_DISTINCT) return 'repeats a few characters';
  if (PLACEHOLDER.test(secret) || hasOnlyPlaceholderWords(secret)) return 'is a placeholder';
  return undefined;
}

function hasOnlyPlaceholderWords(secret: string): boolean {
  const words = secret
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  return words.length > 0 && words.every((word) => PLACEHOLDER_WORDS.has(word));
}
