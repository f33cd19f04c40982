import fc from 'fast-check';
import { wholeLines } from '../../src/jobs/answers/whole-lines.js';

async function* given(pieces: readonly string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function found(pieces: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of wholeLines(given(pieces))) all.push(piece.toString());
  return all;
}

describe('whole lines', () => {
  it('are the same bytes, cut at ends of lines', async () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n') }));
    await fc.assert(
      fc.asyncProperty(pieces, async (texts) => {
        const lines = await found(texts);
        expect(lines.join('')).toBe(texts.join(''));
        for (const line of lines.slice(0, -1)) expect(line.endsWith('\n')).toBe(true);
      }),
    );
  });

  it('keep a last line that does not end', async () => {
    expect(await found(['a\nb', 'c\n', 'd'])).toEqual(['a\n', 'bc\n', 'd']);
  });
});
