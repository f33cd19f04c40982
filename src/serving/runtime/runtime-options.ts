import type { Pins } from './model-files.js';

/** The options of a runtime process; the hashes are required of its files where they are given. */
export interface RuntimeOptions extends Pins {
  /** Path of the model file. */
  readonly file: string;
  /** Threads of one run. */
  readonly threads: number;
  /** ONNX Runtime's execution providers, in order of preference. */
  readonly providers: readonly string[];
  /** Resident memory in MiB above which the process is killed. */
  readonly memoryMb: number;
  /** Outputs with more values fail instead of being sent. */
  readonly maxResponseElements: number;
  /** Milliseconds after which a load that has not ended is aborted. */
  readonly loadTimeoutMs: number;
}

/** Written to stderr by a process that is killed for its memory. */
export const MEMORY_LIMIT_MESSAGE = 'more memory than it may have';
