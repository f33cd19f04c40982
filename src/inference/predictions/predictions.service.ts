import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Identity, type Principal } from '../../auth/index.js';
import { InvalidInputError, UnsupportedMediaTypeError, UploadedFiles, validateAs } from '../../http/index.js';
import { itemsOfFiles } from '../files/items-of-files.js';
import { ClientGoneError, DeadlineError, PipelineFailedError } from '../inference.errors.js';
import type { PipelineContext } from '../pipeline/pipeline.decorator.js';
import { type FoundPipeline, Pipelines } from '../pipeline/pipelines.service.js';
import { type CheckedRow, RowCheck } from '../signature/row-check.js';
import { ModelStore } from '../store/model-store.js';
import type { ModelVersion } from '../store/model-version.js';
import { type Items, type PredictionBody, rowsOf, takesForms } from './prediction-input.js';
import type { PredictionCall } from './request.decorators.js';

/** How long a request may go on. */
interface Pace {
  readonly signal: AbortSignal;
  /** As `performance.now()` counts. */
  readonly deadline: number;
}

/** Inputs of one request whose pipeline runs side by side. */
const SIDE_BY_SIDE = 16;

/** What is asked for, and by whom. */
export interface PredictionRequest {
  readonly model: string;
  /** The one that serves unless given. */
  readonly version?: string;
  readonly value: unknown;
  /** What a body holds, one for each answer. */
  readonly itemsOf: (body: PredictionBody, version: ModelVersion) => Items;
  readonly call: PredictionCall;
}

export interface Predictions {
  readonly model: string;
  readonly version: string;
  readonly predictions: unknown[];
}

/** `preprocess → predict → respond` for a request: with the model's own pipeline, where a feature has one. */
@Injectable()
export class PredictionsService {
  constructor(
    private readonly store: ModelStore,
    private readonly pipelines: Pipelines,
    private readonly identity: Identity,
  ) {}

  /** @throws whatever keeps it from beginning; rejects with whatever keeps it from ending */
  predict({ model, version: wanted, value, itemsOf, call }: PredictionRequest): Promise<Predictions> {
    const { isForm, gone } = call;
    const pipeline = this.pipelines.of(model);
    if (isForm && !takesForms(pipeline)) throw new UnsupportedMediaTypeError('Send the body as application/json.');
    return this.store.use(model, wanted, async (version) => {
      const items =
        value instanceof UploadedFiles
          ? await itemsOfFiles(value, version, pipeline)
          : itemsOf({ value, isForm }, version);
      const predictions = pipeline
        ? await runPipeline(pipeline, items, version, this.contextOf(model, version, call))
        : await version.predict(rowsOf(items, version), { signal: gone });
      return { model, version: version.version, predictions };
    });
  }

  private contextOf(
    model: string,
    version: ModelVersion,
    { gone, request, response }: PredictionCall,
  ): PipelineContext & Pace {
    const caller = (): Promise<Principal | undefined> => this.identity.identify(request, response);
    const deadline = version.deadlineIn();
    return { model, version: version.version, signal: gone.toAbortSignal(), deadline, caller };
  }
}

async function runPipeline(
  { steps, metadata }: FoundPipeline,
  items: Items,
  version: ModelVersion,
  context: PipelineContext & Pace,
): Promise<unknown[]> {
  const inputs = await sideBySide(items, context, ({ value, location }) => {
    return metadata.input ? validateAs(metadata.input, value, location) : (value as object);
  });
  const features = steps.preprocess
    ? await sideBySide(inputs, context, (input) => steps.preprocess!(input, context))
    : inputs;
  const rows = steps.preprocess ? checkFeatures(features, version) : rowsOf(items, version);
  const predictions = await version.predict(rows, context);
  if (!steps.respond) return predictions;
  return sideBySide(predictions, context, (prediction, index) => {
    return steps.respond!(prediction, { ...context, input: inputs[index]!, features: features[index]! });
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
  { signal, deadline }: Pace,
  work: (item: T, index: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const since = performance.now();
  for (let start = 0; start < items.length; start += SIDE_BY_SIDE) {
    if (start > 0) await nextTurn();
    if (signal.aborted) throw new ClientGoneError();
    if (performance.now() >= deadline) throw new DeadlineError(Math.round(deadline - since));
    const slice = items.slice(start, start + SIDE_BY_SIDE);
    results.push(...(await Promise.all(slice.map((item, index) => work(item, start + index)))));
  }
  return results;
}
