/** A command in a document, and the output that is shown for it. */
export interface Step {
  readonly command: string;
  /** The expected output; `…` matches any text within a line, or some lines where it is alone on a line. */
  readonly output: string;
}

/** @returns the commands in the `console` blocks of a document, each with its output */
export function stepsOf(document: string): Step[] {
  const blocks = [...document.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n').trim() };
    });
}

export function patternOf(output: string): RegExp {
  const lines = output.split('\n').map((line) => {
    if (line === '…') return '[\\s\\S]*';
    const parts = line.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return parts.join('.*');
  });
  return new RegExp(`^${lines.join('\\n')}\\s*$`);
}
