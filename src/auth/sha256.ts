import { createHash } from 'node:crypto';

/** Hex SHA-256 of the texts, joined by NUL. Stored in place of secrets and personal data, and looked up by. */
export function sha256Of(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex');
}
