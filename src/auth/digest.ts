import { createHash } from 'node:crypto';

/** SHA-256 of some texts, in hex: enough to find them again, too little to know them. */
export function digestOf(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex');
}
