import type { Pins } from './model-files.js';

/** What a runtime is started with. */
export interface RuntimeOptions extends Pins {
  /** The model's file. */
  readonly file: string;
  /** Threads of one run. */
  readonly threads: number;
  /** ONNX Runtime's execution providers, in order of preference. */
  readonly providers: readonly string[];
}
