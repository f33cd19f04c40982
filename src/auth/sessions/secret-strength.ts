const MIN_LENGTH = 32;
/** 32 random hexadecimal digits have fewer than this many different ones less than once in a million times. */
const MIN_DIFFERENT = 8;

/** Phrases that only stand in a secret that somebody was told to replace. */
const PLACEHOLDER =
  /change.?(me|this|it)|replace.?(me|this|with)|place.?holder|example|your.?(own|session|secret|key)/i;

/** A text of these words alone was typed, not drawn at random. */
const WORDS = new Set(
  (
    'a an and any at barista be character characters chars default dev development for goes here in insert is it key ' +
    'keys keyboard cat least length long minimum must my none of only or password please prod production random ' +
    'replace secret session set some string strong super the this to todo todos very with xxx you your'
  ).split(' '),
);

/** What is wrong with a secret, in words that do not quote it; nothing where it will do. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_LENGTH) return `must have at least ${MIN_LENGTH} characters`;
  if (new Set(secret).size < MIN_DIFFERENT) return 'repeats a few characters';
  if (PLACEHOLDER.test(secret) || hasOnlyKnownWords(secret)) return 'is a placeholder';
  return undefined;
}

function hasOnlyKnownWords(secret: string): boolean {
  const words = secret
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  return words.length > 0 && words.every((word) => WORDS.has(word));
}
