import type { Env } from '../platform/config/index.js';

export class InferenceSettings {
  /** Prediction requests a minute for each member or address; undefined: not limited. */
  readonly predictRate: number | undefined;

  constructor(env: Env) {
    const isLimited = env.optional('PREDICT_RATE') !== undefined;
    this.predictRate = isLimited ? env.integer('PREDICT_RATE', { default: 1, min: 1, max: 1_000_000_000 }) : undefined;
  }
}
