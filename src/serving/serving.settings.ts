import type { Env } from '../platform/config/index.js';
import type { InputLimits } from './signature/row-check.js';

/** The greatest number of values in one tensor. */
const MAX_ELEMENTS = 2 ** 32 - 2;

/** The limits of image decoding. */
export interface ImageLimits {
  /** Pixels of one image, width × height. */
  readonly maxPixels: number;
  /** Images decoded at the same time; each occupies one of the four threads of libuv's pool. */
  readonly concurrency: number;
  /** Images that may wait to be decoded. */
  readonly maxQueued: number;
}

/** The settings of the engine, from the environment. */
export class ServingSettings {
  /** The model store, with a folder for each model. */
  readonly modelsDir: string;
  /** The model behind `/predict`. */
  readonly defaultModel: string;
  /** Milliseconds that a prediction may wait and run; of a request with many rows, each slice. */
  readonly deadlineMs: number;
  /** Milliseconds that a request with many rows may take as a whole. */
  readonly requestMs: number;
  /** Milliseconds that one load of a version may take, its self-test included. */
  readonly loadTimeoutMs: number;
  /** Predictions that may wait for one version of a model. */
  readonly queueCapacity: number;
  /** The limits of one request. */
  readonly limits: InputLimits;
  readonly images: ImageLimits;
  /** Values of one response. */
  readonly maxResponseElements: number;

  constructor(env: Env) {
    this.modelsDir = env.text('MODELS_DIR', './models');
    this.defaultModel = env.text('DEFAULT_MODEL', 'iris');
    this.deadlineMs = env.integer('DEADLINE_MS', { default: 5_000, min: 1, max: 3_600_000 });
    this.requestMs = 1_000 * env.integer('PREDICT_MAX_SECONDS', { default: 60, min: 1, max: 3_600 });
    this.loadTimeoutMs = env.integer('LOAD_TIMEOUT_MS', { default: 60_000, min: 1, max: 3_600_000 });
    this.queueCapacity = env.integer('QUEUE_CAPACITY', { default: 1_024, min: 1, max: 1_000_000 });
    this.limits = {
      rows: env.integer('PREDICT_MAX_ROWS', { default: 10_000, min: 1, max: 10_000_000 }),
      // 16 MB of float32: the check of more values would block the event loop for too long.
      elements: env.integer('PREDICT_MAX_ELEMENTS', { default: 4_000_000, min: 1, max: MAX_ELEMENTS }),
      textLength: env.integer('PREDICT_MAX_TEXT', { default: 65_536, min: 1, max: 2 ** 28 }),
    };
    this.images = {
      maxPixels: env.integer('IMAGE_MAX_PIXELS', { default: 50_000_000, min: 1, max: 1_000_000_000 }),
      concurrency: env.integer('IMAGE_LANES', { default: 2, min: 1, max: 64 }),
      maxQueued: env.integer('IMAGE_QUEUE_CAPACITY', { default: 64, min: 0, max: 1_000_000 }),
    };
    this.maxResponseElements = env.integer('ANSWER_MAX_ELEMENTS', { default: 4_000_000, min: 1, max: MAX_ELEMENTS });
  }
}
