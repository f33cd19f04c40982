import type { Progress } from '../../jobs/index.js';

const WIDTH = 30;
/** Where there is no terminal, a line now and then. */
const LINE_EVERY_MS = 5_000;

/** Shows progress: a bar that moves on a terminal, lines elsewhere. */
export class ProgressBar {
  private shown = '';
  private lineAt = -Infinity;
  private readonly since = performance.now();

  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** Where it is. */
  show(progress: Progress): void {
    if (this.stream.isTTY) this.draw(barOf(progress, (performance.now() - this.since) / 1000));
    else if (performance.now() - this.lineAt >= LINE_EVERY_MS) this.say(wordsOf(progress));
  }

  /** A line that stays. */
  say(line: string): void {
    this.clear();
    this.stream.write(`${line}\n`);
    this.lineAt = performance.now();
  }

  clear(): void {
    this.draw('');
  }

  private draw(text: string): void {
    if (text === this.shown || !this.stream.isTTY) return;
    this.stream.write(`\r${text.padEnd(this.shown.length)}${text === '' ? '\r' : ''}`);
    this.shown = text;
  }
}

export function wordsOf({ done, total, errors }: Progress): string {
  const failed = errors > 0 ? `, ${errors.toLocaleString('en')} of them wrong` : '';
  return `${done.toLocaleString('en')} of ${total.toLocaleString('en')} rows${failed}`;
}

function barOf(progress: Progress, seconds: number): string {
  const share = progress.total === 0 ? 0 : progress.done / progress.total;
  const full = Math.round(share * WIDTH);
  const rate = Math.round(progress.done / Math.max(seconds, 0.001)).toLocaleString('en');
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${percent} %  ${wordsOf(progress)}  ${rate}/s`;
}
