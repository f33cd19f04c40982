import type { Priority } from '../../serving/index.js';

export interface PredictOptions {
  /** A version; the one that serves unless given. */
  readonly version?: string;
  /** Tells that nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** Gives up sooner than DEADLINE_MS. */
  readonly timeoutMs?: number;
  /** `background` gives way to whoever waits for an answer; `interactive` unless given. */
  readonly priority?: Priority;
}

/**
 * A model, for product code: checked, batched with other callers, limited and counted as over HTTP. What the types are
 * for each model in the store, `npm run model -- types` writes.
 */
export interface Model<Features extends object, Prediction> {
  /** Rejects with the errors that the HTTP endpoint answers with, such as InvalidInputError or ModelNotReadyError. */
  predict(features: Features, options?: PredictOptions): Promise<Prediction>;
  /** The answers are in the order of the rows. */
  predictMany(rows: readonly Features[], options?: PredictOptions): Promise<Prediction[]>;
}
