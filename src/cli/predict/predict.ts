import { CommandError } from '../command-line.js';
import { ApiClient } from './api-client.js';
import { openInput } from './input-file.js';
import type { PredictOptions } from './options.js';
import { JobLeftRunningError, predictAsJob } from './predict-as-job.js';
import type { ModelDescription, PredictContext } from './predict-context.js';
import { predictSynchronously } from './predict-synchronously.js';
import type { ProgressBar } from './progress-bar.js';
import { ResultOutput } from './result-output.js';

/**
 * Predicts the rows of a file: as a job with an API key, else with one request.
 *
 * @param signal interrupts the command; a job that has been submitted keeps running
 * @throws CommandError
 */
export async function predict(options: PredictOptions, bar: ProgressBar, signal: AbortSignal): Promise<void> {
  const api = new ApiClient(options.url, options.key, signal);
  const model = await api.json<ModelDescription>(`/models/${encodeURIComponent(options.model)}`);
  const input = await openInput(options.file);
  try {
    const format = options.format ?? (input.format === 'csv' ? 'csv' : 'jsonl');
    const output = new ResultOutput(options.output);
    const context: PredictContext = { options, api, model, input, format, output, bar, signal };
    await (options.key === undefined ? predictSynchronously(context) : predictAsJob(context));
    await output.close();
  } catch (error) {
    if (!signal.aborted || error instanceof JobLeftRunningError) throw error;
    throw new CommandError('Interrupted before a job was submitted.', { cause: error });
  } finally {
    bar.clear();
    await input.close();
  }
}
