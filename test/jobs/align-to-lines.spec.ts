import fc from 'fast-check';
import { alignToLines } from '../../src/jobs/results/job-results.js';

async function* given(pieces: readonly string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function found(pieces: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of alignToLines(given(pieces))) all.push(piece.toString());
  return all;
}

describe('alignToLines', () => {
  it('keeps the bytes, and ends each chunk but the last with a line break', async () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n') }));
    await fc.assert(
      fc.asyncProperty(pieces, async (texts) => {
        const lines = await found(texts);
        expect(lines.join('')).toBe(texts.join(''));
        for (const line of lines.slice(0, -1)) expect(line.endsWith('\n')).toBe(true);
      }),
    );
  });

  it('keeps a last line without a line break', async () => {
    expect(await found(['a\nb', 'c\n', 'd'])).toEqual(['a\n', 'bc\n', 'd']);
  });
});
