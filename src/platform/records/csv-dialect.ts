import { parseRows } from './csv-rows.js';
import type { Delimiter } from './record.js';

/** What separates the columns of CSV, the most common first. */
export const DELIMITERS: readonly Delimiter[] = [',', ';', '\t', '|'];

/** `sep=;` in a line of its own, in which Excel tells itself the delimiter. */
const DELIMITER_LINE = /^"?sep=([,;\t|])"?\r?(\n|$)/i;
const QUOTED = /"[^"]*"/g;

/** The delimiter in the first line of a file, and the length of this line; undefined if it is no such line. */
export function readDelimiterLine(text: string): { delimiter: Delimiter; length: number } | undefined {
  const match = DELIMITER_LINE.exec(text);
  return match ? { delimiter: match[1] as Delimiter, length: match[0].length } : undefined;
}

/**
 * Finds the delimiter of a header: the one that separates the most known names, else the most columns. A header of one column
 * has a comma.
 *
 * @param header the text of one record
 */
export async function sniffDelimiter(header: string, names: readonly string[] = []): Promise<Delimiter> {
  const bare = header.replace(QUOTED, '');
  const candidates = DELIMITERS.filter((delimiter) => delimiter === ',' || bare.includes(delimiter));
  const known = new Set(names);
  let best: Delimiter = ',';
  let bestScore: readonly [known: number, columns: number] = [-1, 0];
  for (const delimiter of candidates) {
    const columns = await splitHeader(header, delimiter);
    const score = [columns.filter((name) => known.has(name)).length, columns.length] as const;
    if (score[0] < bestScore[0] || (score[0] === bestScore[0] && score[1] <= bestScore[1])) continue;
    best = delimiter;
    bestScore = score;
  }
  return best;
}

/** The names in a header; none where a quote is misplaced with this delimiter. */
async function splitHeader(header: string, delimiter: Delimiter): Promise<string[]> {
  try {
    const [row] = await parseRows(header, 1, delimiter);
    return row?.cells.map((name) => name.trim()) ?? [];
  } catch {
    return [];
  }
}
