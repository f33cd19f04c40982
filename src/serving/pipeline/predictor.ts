import type { BatchQueue } from '../batching/batch-queue.js';
import { concatenate, groupOf, sliceRows } from '../batching/batch.js';
import type { ResponseCache } from '../batching/response-cache.js';
import type { TimedCaller } from '../caller.js';
import { ResponseTooLargeError } from '../serving.errors.js';
import type { ServingSettings } from '../serving.settings.js';
import type { RowSchema } from '../signature/row-schema.js';
import type { CheckedRow } from '../signature/row-check.js';
import type { Tensor } from '../signature/tensor.js';
import type { Preprocess } from './preprocess.js';
import type { Prediction, Respond } from './respond.js';

/** The parts of a loaded version that a prediction passes through. */
interface PredictorParts {
  readonly queue: BatchQueue;
  readonly schema: RowSchema;
  readonly preprocess: Preprocess;
  readonly respond: Respond;
  /** Whether no dimension of an input is symbolic, apart from the batch dimension. */
  readonly hasFixedShapes: boolean;
}

/** Rows of one request that are queued at the same time when each row is a run of its own. */
const MAX_CONCURRENT_SINGLE_RUNS = 16;

/** `preprocess → run → respond` for a loaded version: splits a request into runs, and combines their outputs. */
export class Predictor {
  constructor(
    private readonly parts: PredictorParts,
    private readonly settings: ServingSettings,
    private readonly cache: ResponseCache | undefined,
  ) {}

  /** @returns predictions in the order of the rows */
  async predict(rows: readonly CheckedRow[], caller: TimedCaller): Promise<Prediction[]> {
    const { schema, queue, preprocess, respond } = this.parts;
    if (rows.length === 1 || (queue.batching && schema.isUniform)) {
      return respond(await this.infer(preprocess(rows), caller), rows.length);
    }
    const singleRuns = Math.min(MAX_CONCURRENT_SINGLE_RUNS, this.settings.queueCapacity);
    const sliceSize = queue.batching?.maxBatchSize ?? singleRuns;
    const size = new ResponseSize(this.settings.maxResponseElements);
    const predictOne = async (row: CheckedRow): Promise<Prediction[]> => {
      const outputs = await this.infer(preprocess([row]), caller);
      size.add(outputs);
      return respond(outputs, 1);
    };
    const predictions: Prediction[] = [];
    for (let start = 0; start < rows.length; start += sliceSize) {
      const slice = rows.slice(start, start + sliceSize);
      predictions.push(...(await Promise.all(slice.map(predictOne))).flat());
    }
    return predictions;
  }

  /** Runs tensors, in several batches where they have more rows than a batch may have. */
  infer(feeds: readonly Tensor[], caller: TimedCaller): Promise<readonly Tensor[]> {
    const { batching } = this.parts.queue;
    const { maxBatchSize = Infinity } = batching ?? {};
    const rows = batching ? (feeds[0]?.shape[0] ?? 1) : 1;
    return rows <= maxBatchSize ? this.run(feeds, rows, caller) : this.inferInParts(feeds, rows, maxBatchSize, caller);
  }

  private async inferInParts(
    feeds: readonly Tensor[],
    rows: number,
    maxBatchSize: number,
    caller: TimedCaller,
  ): Promise<readonly Tensor[]> {
    const size = new ResponseSize(this.settings.maxResponseElements);
    const parts: (readonly Tensor[])[] = [];
    for (let start = 0; start < rows; start += maxBatchSize) {
      const count = Math.min(maxBatchSize, rows - start);
      const part = await this.run(sliceRows(feeds, start, count), count, caller);
      size.add(part);
      parts.push(part);
    }
    return concatenate(parts);
  }

  private run(feeds: readonly Tensor[], rows: number, caller: TimedCaller): Promise<readonly Tensor[]> {
    const { queue, hasFixedShapes } = this.parts;
    const submission = { feeds, rows, group: hasFixedShapes ? '' : groupOf(feeds) };
    if (!this.cache) return queue.submit(submission, caller);
    return this.cache.respond(feeds, caller, (by) => queue.submit(submission, by));
  }
}

/** Counts the values of a response that is made in parts, against the limit of one response. */
class ResponseSize {
  private elements = 0;

  /** @param max values of the whole response; a runtime checks a single run by itself */
  constructor(private readonly max: number) {}

  /** @throws ResponseTooLargeError */
  add(part: readonly Tensor[]): void {
    for (const { data } of part) this.elements += data.length;
    if (this.elements > this.max) throw new ResponseTooLargeError();
  }
}
