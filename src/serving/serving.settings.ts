import type { Env } from '../platform/config/index.js';
import type { InputLimits } from './signature/row-check.js';

/** No array is longer. */
const MAX_ELEMENTS = 2 ** 32 - 2;

export interface ImageLimits {
  /** Of one picture, width × height. */
  readonly pixels: number;
  /** How many are decoded side by side: each takes one of the four threads that Node does files and names on. */
  readonly lanes: number;
  /** How many requests may wait for their turn. */
  readonly queue: number;
}

export class ServingSettings {
  /** The model store: a folder for each model. */
  readonly modelsDir: string;
  /** The model behind `/predict`. */
  readonly defaultModel: string;
  /** How long a prediction may wait and run. */
  readonly deadlineMs: number;
  /** How many predictions may wait for one version of a model. */
  readonly queueCapacity: number;
  /** What one request may hold. */
  readonly limits: InputLimits;
  /** What decoding pictures may take. */
  readonly images: ImageLimits;
  /** How many values one answer may hold. */
  readonly maxResponseElements: number;

  constructor(env: Env) {
    this.modelsDir = env.text('MODELS_DIR', './models');
    this.defaultModel = env.text('DEFAULT_MODEL', 'iris');
    this.deadlineMs = env.integer('DEADLINE_MS', { default: 5_000, min: 1, max: 3_600_000 });
    this.queueCapacity = env.integer('QUEUE_CAPACITY', { default: 1_024, min: 1, max: 1_000_000 });
    this.limits = {
      rows: env.integer('PREDICT_MAX_ROWS', { default: 10_000, min: 1, max: 10_000_000 }),
      // 16 MB of float32: more in one request would keep everybody else waiting while it is checked.
      elements: env.integer('PREDICT_MAX_ELEMENTS', { default: 4_000_000, min: 1, max: MAX_ELEMENTS }),
      textLength: env.integer('PREDICT_MAX_TEXT', { default: 65_536, min: 1, max: 2 ** 28 }),
    };
    this.images = {
      pixels: env.integer('IMAGE_MAX_PIXELS', { default: 50_000_000, min: 1, max: 1_000_000_000 }),
      lanes: env.integer('IMAGE_LANES', { default: 1, min: 1, max: 64 }),
      queue: env.integer('IMAGE_QUEUE_CAPACITY', { default: 64, min: 0, max: 1_000_000 }),
    };
    this.maxResponseElements = env.integer('ANSWER_MAX_ELEMENTS', { default: 4_000_000, min: 1, max: MAX_ELEMENTS });
  }
}
