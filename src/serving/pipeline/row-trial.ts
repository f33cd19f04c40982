import { ModelRunFailedError } from '../serving.errors.js';
import type { CheckedRow } from '../signature/row-check.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import { isClose } from './self-test.js';

/** Runs rows together. @throws ModelRunFailedError */
export type RunRows = (rows: readonly CheckedRow[]) => Promise<readonly Tensor[]>;

/** What the runs of a few rows have shown, alone and together. */
export interface RowTrial {
  readonly rows: readonly CheckedRow[];
  /** The outputs of each row alone; fewer than rows if a run failed. */
  readonly outputs: readonly (readonly Tensor[])[];
  /** Outputs that have a part for each row. */
  readonly rowOutputs: ReadonlySet<string>;
  /** Those whose parts are what the row alone gives. */
  readonly independent: ReadonlySet<string>;
  /** Why the runs prove nothing; undefined where they do. */
  readonly problem: string | undefined;
}

/**
 * Runs a few rows alone and, where their tensors can be joined, together. The runs warm the model up, too.
 *
 * @param extra rows that need not run alone, but if they do, then also together with the others
 * @param canJoin whether every input has a dimension that counts rows
 */
export async function tryRows(
  rows: readonly CheckedRow[],
  extra: readonly CheckedRow[],
  run: RunRows,
  canJoin: boolean,
): Promise<RowTrial> {
  const outputs = await runSingly(rows, run);
  const nothing = { rows, outputs, rowOutputs: new Set<string>(), independent: new Set<string>() };
  if (rows.length < 3) {
    return { ...nothing, problem: 'no three different rows could be made to prove that rows may run together' };
  }
  const unproven = { ...nothing, problem: 'it could not be proven that rows run together give what they give alone' };
  if (!canJoin || outputs.length < rows.length) return unproven;
  const extraOutputs = await runSingly(extra, run);
  const singleRuns = [...outputs, ...extraOutputs];
  const together = await succeeded(run([...rows, ...extra.slice(0, extraOutputs.length)]));
  if (!together) return unproven;
  const rowOutputs = together.filter((output) => hasPartForEach(output, singleRuns));
  const independent = rowOutputs.filter((output) => isMadeOf(output, singleRuns));
  return { ...nothing, rowOutputs: namesOf(rowOutputs), independent: namesOf(independent), problem: undefined };
}

/** Why the outputs of rows that run together cannot be shared out among them; undefined where they can. */
export function batchingProblem({ problem, independent }: RowTrial, { outputs }: Signature): string | undefined {
  if (problem !== undefined) return problem;
  const isProven = outputs.every(({ name }) => independent.has(name));
  return isProven ? undefined : 'rows run together give other answers than the same rows alone';
}

function namesOf(tensors: readonly Tensor[]): ReadonlySet<string> {
  return new Set(tensors.map(({ name }) => name));
}

/** A model that fails on made rows may be served; a model whose runtime dies of them may not. */
async function runSingly(rows: readonly CheckedRow[], run: RunRows): Promise<(readonly Tensor[])[]> {
  const outputs: (readonly Tensor[])[] = [];
  for (const row of rows) {
    const output = await succeeded(run([row]));
    if (!output) break;
    outputs.push(output);
  }
  return outputs;
}

async function succeeded(run: Promise<readonly Tensor[]>): Promise<readonly Tensor[] | undefined> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof ModelRunFailedError) return undefined;
    throw error;
  }
}

function hasPartForEach({ name, shape }: Tensor, singleRuns: RowTrial['outputs']): boolean {
  return shape[0] === singleRuns.length && partsOf(name, singleRuns).every((part) => part.shape[0] === 1);
}

/** Whether an output holds, row by row, what runs of the rows one at a time have given. */
function isMadeOf({ name, shape, data }: Tensor, singleRuns: RowTrial['outputs']): boolean {
  const parts = partsOf(name, singleRuns);
  return (
    parts.every((part) => isClose(part.shape.slice(1), shape.slice(1))) &&
    isClose(
      Array.from<unknown>(data),
      parts.flatMap((part) => Array.from<unknown>(part.data)),
    )
  );
}

function partsOf(name: string, singleRuns: RowTrial['outputs']): readonly Tensor[] {
  return singleRuns.flatMap((outputs) => outputs.find((output) => output.name === name) ?? []);
}
