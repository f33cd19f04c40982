import type { Env } from '../config/index.js';

export class InferenceSettings {
  /** The model store: a folder for each model. */
  readonly modelsDir: string;
  /** The model behind `/predict`. */
  readonly defaultModel: string;
  /** How long a prediction may wait and run. */
  readonly deadlineMs: number;

  constructor(env: Env) {
    this.modelsDir = env.text('MODELS_DIR', './models');
    this.defaultModel = env.text('DEFAULT_MODEL', 'iris');
    this.deadlineMs = env.integer('DEADLINE_MS', { default: 5_000, min: 1, max: 3_600_000 });
  }
}
