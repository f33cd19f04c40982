import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidInputError, validateAs } from '../../platform/http/index.js';
import {
  type CheckedRow,
  ClientGoneError,
  DeadlineError,
  type ModelVersion,
  type Priority,
  RowCheck,
} from '../../serving/index.js';
import { PipelineFailedError } from '../inference.errors.js';
import type { PipelineContext } from './pipeline.decorator.js';
import type { FoundPipeline } from './pipelines.service.js';
import { type Items, checkItems } from '../inputs/prediction-input.js';

/** What a pipeline knows, and how long it may go on. */
export interface PipelineCall extends PipelineContext {
  readonly signal: AbortSignal;
  /** As `performance.now()` counts. */
  readonly deadline: number;
  readonly priority?: Priority;
}

/** Inputs of one request whose pipeline runs side by side. */
const SIDE_BY_SIDE = 16;

/** `preprocess → predict → respond` with the code that a feature has around a model; the answers are in the items' order. */
export async function runPipeline(
  { steps, metadata }: FoundPipeline,
  items: Items,
  version: ModelVersion,
  call: PipelineCall,
): Promise<unknown[]> {
  const inputs = await sideBySide(items, call, ({ value, location }) => {
    return metadata.input ? validateAs(metadata.input, value, location) : (value as object);
  });
  const features = steps.preprocess
    ? await sideBySide(inputs, call, (input) => steps.preprocess!(input, call))
    : inputs;
  const rows = steps.preprocess ? checkFeatures(features, version) : checkItems(items, version);
  const predictions = await version.predict(rows, call);
  if (!steps.respond) return predictions;
  return sideBySide(predictions, call, (prediction, index) => {
    return steps.respond!(prediction, { ...call, input: inputs[index]!, features: features[index]! });
  });
}

/** What a pipeline makes of a valid input has to be a valid row: else the pipeline is wrong, not the client. */
function checkFeatures(features: readonly object[], version: ModelVersion): CheckedRow[] {
  const check = new RowCheck(version.limits);
  const rows = features.map((row, index) => version.check(row, ['features', index], check));
  if (check.errors.length > 0) throw new PipelineFailedError(new InvalidInputError(check.errors));
  return rows;
}

/** A few at a time, and everybody else's requests between; given up when nobody waits any more. */
async function sideBySide<T, R>(
  items: readonly T[],
  { signal, deadline }: PipelineCall,
  work: (item: T, index: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += SIDE_BY_SIDE) {
    if (start > 0) await nextTurn();
    if (signal.aborted) throw new ClientGoneError();
    if (performance.now() >= deadline) throw new DeadlineError();
    const slice = items.slice(start, start + SIDE_BY_SIDE);
    results.push(...(await Promise.all(slice.map((item, index) => work(item, start + index)))));
  }
  return results;
}
