import type { Progress } from '../../jobs/index.js';

const WIDTH = 30;
/** Interval of progress lines if the stream is not a terminal. */
const LINE_INTERVAL_MS = 5_000;

/** Shows progress: a bar that is redrawn on a terminal, lines elsewhere. */
export class ProgressBar {
  private drawn = '';
  private lineAt = -Infinity;
  private readonly startedAt = performance.now();

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(progress: Progress): void {
    if (this.stream.isTTY) this.draw(formatBar(progress, (performance.now() - this.startedAt) / 1000));
    else if (performance.now() - this.lineAt >= LINE_INTERVAL_MS) this.print(formatProgress(progress));
  }

  /** Prints a line above the bar. */
  print(line: string): void {
    this.clear();
    this.stream.write(`${line}\n`);
    this.lineAt = performance.now();
  }

  clear(): void {
    this.draw('');
  }

  private draw(text: string): void {
    if (text === this.drawn || !this.stream.isTTY) return;
    this.stream.write(`\r${text.padEnd(this.drawn.length)}${text === '' ? '\r' : ''}`);
    this.drawn = text;
  }
}

/** `380 of 400 rows, 2 of them invalid`. */
export function formatProgress({ done, total, errors }: Progress): string {
  const failed = errors > 0 ? `, ${errors.toLocaleString('en')} of them invalid` : '';
  return `${done.toLocaleString('en')} of ${total.toLocaleString('en')} rows${failed}`;
}

function formatBar(progress: Progress, seconds: number): string {
  const share = progress.total === 0 ? 0 : progress.done / progress.total;
  const full = Math.round(share * WIDTH);
  const rate = Math.round(progress.done / Math.max(seconds, 0.001)).toLocaleString('en');
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${percent} %  ${formatProgress(progress)}  ${rate}/s`;
}
