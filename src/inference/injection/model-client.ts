import { checkFeatures } from '../inputs/prediction-input.js';
import { InputRejectedError, type ModelStore, type Prediction, type Priority } from '../../serving/index.js';

export interface PredictOptions {
  /** The default version unless given. */
  readonly version?: string;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal;
  /** Of the whole call; DEADLINE_MS for one row, PREDICT_MAX_SECONDS for more unless it is shorter. */
  readonly timeoutMs?: number;
  /** `background` yields to interactive callers; `interactive` unless given. */
  readonly priority?: Priority;
}

/**
 * A model, for product code. Rows are checked, batched with those of other callers, limited and counted as over HTTP.
 * `npm run model -- types` writes the types of each model in the store.
 */
export interface Model<Features extends object, Prediction> {
  /** Rejects with the errors that the HTTP endpoint responds with, such as InvalidInputError or ModelNotReadyError. */
  predict(features: Features, options?: PredictOptions): Promise<Prediction>;
  /** Resolves to one prediction for each row, in order. */
  predictMany(rows: readonly Features[], options?: PredictOptions): Promise<Prediction[]>;
}

/** The `Model` that `@InjectModel` injects. The model may be missing from the store until `predict` is called. */
export class ModelClient implements Model<object, unknown> {
  constructor(
    private readonly store: ModelStore,
    private readonly name: string,
  ) {}

  async predict(features: object, options?: PredictOptions): Promise<unknown> {
    return (await this.predictMany([features], options))[0];
  }

  async predictMany(rows: readonly object[], options: PredictOptions = {}): Promise<Prediction[]> {
    const { version: requested, signal, priority, timeoutMs } = options;
    if (rows.length === 0) return [];
    return this.store.get(this.name).use(requested, async (version) => {
      const checked = checkFeatures(rows, version);
      const deadline = version.deadlineFor(rows.length, timeoutMs);
      try {
        return await version.predict(checked, { signal, priority, deadline });
      } catch (error) {
        throw error instanceof InputRejectedError ? error.at(['features', error.row]) : error;
      }
    });
  }
}
