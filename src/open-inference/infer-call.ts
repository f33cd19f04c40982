import type { Tensor } from '../serving/index.js';
import type { RequestedOutput } from './requested-outputs.js';

/** What an inference request asks for, checked against the model. */
export interface InferCall {
  readonly id?: string;
  readonly feeds: readonly Tensor[];
  readonly outputs: readonly RequestedOutput[];
  /** How long this caller waits; undefined for as long as anybody does. */
  readonly timeoutMs?: number;
}
