import type { Api } from './api.js';
import type { InputFile } from './input-file.js';
import type { PredictOptions, ResultFormat } from './options.js';
import type { ProgressBar } from './progress-bar.js';
import type { ResultOutput } from './result-output.js';

/** What is asked of the application, and what it is asked with. */
export interface Task {
  readonly options: PredictOptions;
  readonly api: Api;
  readonly model: ModelAnswer;
  readonly input: InputFile;
  readonly format: ResultFormat;
  readonly output: ResultOutput;
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
}

/** What `GET /models/{name}` says, as far as it matters here. */
export interface ModelAnswer {
  readonly access: string;
  readonly defaultVersion: string | null;
  readonly versions: readonly { readonly version: string; readonly sha256: string | null }[];
  readonly input: { readonly properties?: object } | null;
  readonly output: { readonly properties?: { readonly label?: { readonly enum?: readonly string[] } } } | null;
}
