import { type BatchPolicy, concatenate, groupOf, sliceRows } from '../batching/batch.js';
import type { ResponseCache } from '../batching/response-cache.js';
import type { TimedCaller } from '../caller.js';
import {
  DeadlineError,
  ModelRunFailedError,
  OverloadedError,
  QueueDelayExceededError,
  ResponseTooLargeError,
} from '../serving.errors.js';
import type { ServingSettings } from '../serving.settings.js';
import type { RowSchema } from '../signature/row-schema.js';
import type { CheckedRow } from '../signature/row-check.js';
import type { Tensor } from '../signature/tensor.js';
import type { VersionRecorder } from '../stats/version-recorder.js';
import { FailedRuns, type FailedRunParts } from './failed-runs.js';
import { mapInWindow } from './map-in-window.js';
import type { Prediction, Respond } from './respond.js';

/** The parts of a loaded version that a prediction passes through. */
interface PredictorParts extends FailedRunParts {
  readonly schema: RowSchema;
  readonly respond: Respond;
  /** Whether no dimension of an input is symbolic, apart from the batch dimension. */
  readonly hasFixedShapes: boolean;
}

/** Runs of one request that are queued at the same time when each row is a run of its own: a runtime needs no more to be busy. */
const MAX_CONCURRENT_RUNS = 4;
/** The same where rows of equal shapes share runs. */
const MAX_CONCURRENT_ROWS = 64;

/**
 * `preprocess → run → respond` for a loaded version: splits a request into runs, and combines their outputs. A long request is
 * run slice by slice: DEADLINE_MS applies to each run, and other callers' runs get in between.
 */
export class Predictor {
  private readonly failedRuns: FailedRuns | undefined;

  /** @param recorder of failed runs, which are explained where it is given */
  constructor(
    private readonly parts: PredictorParts,
    private readonly settings: ServingSettings,
    private readonly cache: ResponseCache | undefined,
    recorder?: VersionRecorder,
  ) {
    this.failedRuns = recorder && new FailedRuns(parts, settings, recorder);
  }

  /** Ends what explains failed runs. */
  stop(): void {
    this.failedRuns?.stop();
  }

  /** @returns predictions in the order of the rows */
  async predict(rows: readonly CheckedRow[], caller: TimedCaller): Promise<Prediction[]> {
    const { schema, queue, preprocess, respond } = this.parts;
    try {
      if (rows.length === 1 || (queue.batching && schema.isUniform)) {
        return respond(await this.runTensors(preprocess(rows), caller), rows.length);
      }
      return await this.predictSingly(rows, caller);
    } catch (error) {
      throw await this.explain(error, caller);
    }
  }

  /** Runs tensors, in slices where they have many rows. */
  async infer(feeds: readonly Tensor[], caller: TimedCaller): Promise<readonly Tensor[]> {
    try {
      return await this.runTensors(feeds, caller);
    } catch (error) {
      throw await this.explain(error, caller);
    }
  }

  private async explain(error: unknown, caller: TimedCaller): Promise<unknown> {
    if (!(error instanceof ModelRunFailedError) || !this.failedRuns) return error;
    return await this.failedRuns.explain(error, caller);
  }

  /** Each row is a run of its own, or shares one with rows of equal shapes. */
  private async predictSingly(rows: readonly CheckedRow[], caller: TimedCaller): Promise<Prediction[]> {
    const { queue, preprocess, respond } = this.parts;
    const { queueCapacity, maxResponseElements } = this.settings;
    const most = Math.min(queueCapacity, queue.batching ? MAX_CONCURRENT_ROWS : MAX_CONCURRENT_RUNS);
    const size = new ResponseSize(maxResponseElements);
    const predictions = await mapInWindow(
      rows,
      () => queue.sliceRuns(most),
      async (row, index) => {
        const outputs = await this.run(preprocess([row]), 1, caller, { size, start: index });
        size.add(outputs);
        return respond(outputs, 1);
      },
    );
    return predictions.flat();
  }

  private runTensors(feeds: readonly Tensor[], caller: TimedCaller): Promise<readonly Tensor[]> {
    const { batching } = this.parts.queue;
    const rows = batching ? (feeds[0]?.shape[0] ?? 1) : 1;
    return batching && rows > 1 ? this.inferInSlices(feeds, rows, batching, caller) : this.run(feeds, rows, caller);
  }

  private async inferInSlices(
    feeds: readonly Tensor[],
    rows: number,
    batching: BatchPolicy,
    caller: TimedCaller,
  ): Promise<readonly Tensor[]> {
    const { queue } = this.parts;
    const size = new ResponseSize(this.settings.maxResponseElements);
    const parts: (readonly Tensor[])[] = [];
    for (let start = 0; start < rows;) {
      const count = Math.min(queue.sliceRows(batching), rows - start);
      const isWhole = count === rows;
      const part = await this.run(isWhole ? feeds : sliceRows(feeds, start, count), count, caller, { size, start });
      if (isWhole) return part;
      size.add(part);
      parts.push(part);
      start += count;
    }
    return concatenate(parts);
  }

  /** @param part what this run is of a request, where that has several */
  private run(
    feeds: readonly Tensor[],
    rows: number,
    caller: TimedCaller,
    part?: RequestPart,
  ): Promise<readonly Tensor[]> {
    const { queue, hasFixedShapes } = this.parts;
    const submission = { feeds, rows, group: hasFixedShapes ? '' : groupOf(feeds) };
    const { deadline } = queue;
    // The caller's own deadline applies to the whole request.
    const timed = caller.deadline > deadline ? { ...caller, deadline } : caller;
    const outputs = this.cache
      ? this.cache.respond(feeds, timed, (by) => queue.submit(submission, by))
      : queue.submit(submission, timed);
    if (!part) return outputs;
    return outputs.catch((error: unknown) => {
      throw errorOfPart(error, part, timed === caller);
    });
  }
}

/** One run of a request that has several. */
interface RequestPart {
  /** Of the response to the whole request. */
  readonly size: ResponseSize;
  /** Its first row. */
  readonly start: number;
}

/** The error of a request, for the error of one of its runs. */
function errorOfPart(error: unknown, { size, start }: RequestPart, isLast: boolean): unknown {
  if (error instanceof ModelRunFailedError) return error.startingAt(start);
  // The rest of a request that has been answered in part is not refused for want of time: its time is up.
  const isRefused = error instanceof OverloadedError || error instanceof QueueDelayExceededError;
  return isRefused && isLast && !size.isEmpty ? new DeadlineError() : error;
}

/** Counts the values of a response that is made in parts, against the limit of one response. */
class ResponseSize {
  private elements = 0;

  /** @param max values of the whole response; a runtime checks a single run by itself */
  constructor(private readonly max: number) {}

  get isEmpty(): boolean {
    return this.elements === 0;
  }

  /** @throws ResponseTooLargeError */
  add(part: readonly Tensor[]): void {
    for (const { data } of part) this.elements += data.length;
    if (this.elements > this.max) throw new ResponseTooLargeError();
  }
}
