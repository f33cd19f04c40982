import type { BatchQueue } from '../batching/batch-queue.js';
import { groupOf, sliceRows } from '../batching/batch.js';
import type { TimedCaller } from '../caller.js';
import type { Runtime } from '../runtime/runtime.js';
import { OutputTooLargeError, RunFailedError } from '../runtime/runtime-process.js';
import { TrialRuntime } from '../runtime/trial-runtime.js';
import { type FailedRun, InputRejectedError, ModelRunFailedError } from '../serving.errors.js';
import type { ServingSettings } from '../serving.settings.js';
import { RowCheck } from '../signature/row-check.js';
import type { RowValidator } from '../signature/row-validator.js';
import type { Tensor } from '../signature/tensor.js';
import type { VersionRecorder } from '../stats/version-recorder.js';
import type { Preprocess } from './preprocess.js';

/** The parts of a loaded version that explain its failed runs. */
export interface FailedRunParts {
  readonly runtime: Runtime;
  readonly queue: BatchQueue;
  readonly validator: RowValidator;
  readonly preprocess: Preprocess;
  /** A row for which the model has made a prediction. */
  readonly exampleRow: Readonly<Record<string, unknown>> | undefined;
}

/** The index of the row that fails by itself; null where none does. */
type FailingRow = number | null;

/**
 * Finds out whether a run has failed because of its input or because of this server: by whether the same row fails alone in a
 * fresh process. Where there is none to be had, a process that still runs the example is taken to be sound.
 */
export class FailedRuns {
  private readonly trial: TrialRuntime;

  constructor(
    private readonly parts: FailedRunParts,
    private readonly settings: ServingSettings,
    private readonly recorder: VersionRecorder,
  ) {
    const { runtime } = parts;
    this.trial = new TrialRuntime({ start: (signal) => runtime.startAnother(signal), maxUseMs: settings.deadlineMs });
  }

  /** The error for the caller: that the model rejects a row, or the given one. */
  async explain(error: ModelRunFailedError, caller: TimedCaller): Promise<ModelRunFailedError | InputRejectedError> {
    const { run } = error;
    // Background work finds its failing rows itself, and then runs each of them alone.
    if (caller.priority === 'background' && run && run.rows > 1) return error;
    const row = run ? await this.findFailingRow(run, caller).catch(() => null) : null;
    const explained = row === null ? error : new InputRejectedError(error.firstRow + row, error.cause);
    this.recorder.runFailed(explained.code, (error.cause as Error).message);
    return explained;
  }

  stop(): void {
    this.trial.stop();
  }

  private async findFailingRow({ feeds, rows }: FailedRun, caller: TimedCaller): Promise<FailingRow> {
    const now = performance.now();
    const deadline = Math.min(caller.deadline, now + this.settings.deadlineMs);
    const found = await this.trial.use(now + (deadline - now) / 2, (run) => findFailing(feeds, rows, failsIn(run)));
    if (found !== undefined) return found;
    const { queue } = this.parts;
    const fails = failsIn((tensors) => {
      const submission = { feeds: tensors, rows: tensors[0]?.shape[0] ?? 1, group: groupOf(tensors) };
      return queue.submit(submission, { ...caller, deadline });
    });
    const example = this.exampleFeeds();
    if (!example || (await fails(example))) return null;
    return findFailing(feeds, rows, fails);
  }

  private exampleFeeds(): readonly Tensor[] | undefined {
    const { exampleRow, validator, preprocess } = this.parts;
    if (!exampleRow) return undefined;
    const check = new RowCheck(this.settings.limits);
    const row = validator.check(exampleRow, ['example'], check);
    return check.errors.length === 0 ? preprocess([row]) : undefined;
  }
}

type Fails = (feeds: readonly Tensor[]) => Promise<boolean>;

/** @throws where a run ends for another reason than its input, such as the death of its process */
function failsIn(run: (feeds: readonly Tensor[]) => Promise<Tensor[]>): Fails {
  return async (feeds) => {
    try {
      await run(feeds);
      return false;
    } catch (error) {
      if (error instanceof OutputTooLargeError) return false;
      if (error instanceof RunFailedError || error instanceof ModelRunFailedError) return true;
      throw error;
    }
  };
}

/** Halves the rows until one is left that fails alone. */
async function findFailing(feeds: readonly Tensor[], rows: number, fails: Fails): Promise<FailingRow> {
  if (!(await fails(feeds))) return null;
  if (rows === 1) return 0;
  let [start, count] = [0, rows];
  while (count > 1) {
    const half = Math.ceil(count / 2);
    const isInFirstHalf = await fails(sliceRows(feeds, start, half));
    start = isInFirstHalf ? start : start + half;
    count = isInFirstHalf ? half : count - half;
  }
  return (await fails(sliceRows(feeds, start, 1))) ? start : null;
}
