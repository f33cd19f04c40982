import { toResultLine, ResultTable } from '../prediction-jobs/index.js';
import type { Predictions } from '../inference/index.js';

/** Answers as the file of a job's result has them, with the number of each row in place of its input. */
export function csvOf({ predictions }: Predictions, labels: readonly string[] = []): string {
  const lines = predictions.map(toResultLine);
  const table = new ResultTable({ columns: ['row'], labels, hasErrors: false }, lines[0]);
  const rows = lines.map((_, index) => ({ row: index + 1 }));
  return table.header() + table.rows(rows, lines);
}
