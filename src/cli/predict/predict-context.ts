import type { ApiClient } from './api-client.js';
import type { InputFile } from './input-file.js';
import type { PredictOptions, ResultFormat } from './options.js';
import type { ProgressBar } from './progress-bar.js';
import type { ResultOutput } from './result-output.js';

/** Shared by the two ways to predict a file: with one request, or as a job. */
export interface PredictContext {
  readonly options: PredictOptions;
  readonly api: ApiClient;
  readonly model: ModelDescription;
  readonly input: InputFile;
  readonly format: ResultFormat;
  readonly output: ResultOutput;
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
}

/** The members of `GET /models/{name}` that the command uses. */
export interface ModelDescription {
  readonly access: string;
  readonly defaultVersion: string | null;
  readonly versions: readonly { readonly version: string; readonly sha256: string | null }[];
  readonly input: { readonly properties?: object } | null;
  readonly output: { readonly properties?: { readonly label?: { readonly enum?: readonly string[] } } & object } | null;
}
