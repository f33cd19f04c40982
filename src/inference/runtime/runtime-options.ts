/** What a runtime is started with. */
export interface RuntimeOptions {
  /** The model's file. */
  readonly file: string;
  /** What the file's sha256 must be, in hexadecimal digits, where it is pinned. */
  readonly sha256?: string;
  /** Threads of one run. */
  readonly threads: number;
  /** ONNX Runtime's execution providers, in order of preference. */
  readonly providers: readonly string[];
}
