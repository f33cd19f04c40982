import { resolve } from 'node:path';
import type { Batching, Manifest } from '../../serving/index.js';

const MAX_NAMES = 8;
/** Characters. A longer row is read from the manifest instead, so that the line fits on a screen. */
const MAX_ROW_LENGTH = 500;

export function describeBatching(batching: Batching | undefined): string {
  if (batching?.enabled) return `rows run together, at most ${batching.maxBatchSize}`;
  return `one row at a time: ${batching?.reason ?? 'it is not known whether rows may run together'}`;
}

/** `1 file`, `2 files`. */
export function pluralize(count: number, singular: string): string {
  return `${count} ${singular}${count === 1 ? '' : 's'}`;
}

/** A size in decimal units: `216.3 kB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** The first names and, if there are more, their number. */
export function formatNames(names: readonly string[]): string {
  if (names.length <= MAX_NAMES) return names.join(', ');
  return `${names.slice(0, MAX_NAMES).join(', ')}, … (${names.length})`;
}

/**
 * A shell line that posts the example of a manifest.
 *
 * @param file path of the manifest; a long example is read from it
 */
export function formatCurl(url: string, { access = 'public', example }: Manifest, file: string): string {
  const key = access === 'public' ? '' : ' -H "Authorization: Bearer $KEY"';
  const row = JSON.stringify(example?.input);
  const rowFromFile = `"$(node -p 'JSON.stringify(require("${resolve(file)}").example.input)')"`;
  const body = row.length > MAX_ROW_LENGTH ? rowFromFile : `'${row.replaceAll("'", `'\\''`)}'`;
  return `  curl ${url}${key} -H 'Content-Type: application/json' -d ${body}`;
}
