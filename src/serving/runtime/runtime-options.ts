import type { Pins } from './model-files.js';

/** What a runtime is started with. */
export interface RuntimeOptions extends Pins {
  /** The model's file. */
  readonly file: string;
  /** Threads of one run. */
  readonly threads: number;
  /** ONNX Runtime's execution providers, in order of preference. */
  readonly providers: readonly string[];
  /** A process that holds more is ended, in MiB. */
  readonly memoryMb: number;
  /** An answer with more values is not sent. */
  readonly maxResponseElements: number;
}

/** What a process that is ended for its memory says last. */
export const MEMORY_LIMIT_WORDS = 'more memory than it may have';
