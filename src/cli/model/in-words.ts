import { resolve } from 'node:path';
import type { Batching, Manifest } from '../../serving/index.js';

const MAX_NAMES = 8;
/** A longer row would fill the screen. */
const MAX_ROW_LENGTH = 500;

export function describeBatching(batching: Batching | undefined): string {
  if (batching?.enabled) return `rows run together, at most ${batching.maxBatchSize}`;
  return `one row at a time: ${batching?.reason ?? 'it is not known whether rows may run together'}`;
}

/** The first of some names, and how many there are. */
export function listNames(names: readonly string[]): string {
  if (names.length <= MAX_NAMES) return names.join(', ');
  return `${names.slice(0, MAX_NAMES).join(', ')}, … (${names.length})`;
}

/** A line for a shell that posts the example of a manifest, which stands in `file` too. */
export function curlOf(url: string, { access = 'public', example }: Manifest, file: string): string {
  const key = access === 'public' ? '' : ' -H "Authorization: Bearer $KEY"';
  const row = JSON.stringify(example?.input);
  const read = `"$(node -p 'JSON.stringify(require("${resolve(file)}").example.input)')"`;
  const body = row.length > MAX_ROW_LENGTH ? read : `'${row.replaceAll("'", `'\\''`)}'`;
  return `  curl ${url}${key} -H 'Content-Type: application/json' -d ${body}`;
}
