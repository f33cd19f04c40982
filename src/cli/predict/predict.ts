import { Api } from './api.js';
import { openInput } from './input-file.js';
import { PredictError, type PredictOptions } from './options.js';
import { LeftRunningError, predictAsJob } from './predict-as-job.js';
import { predictAtOnce } from './predict-at-once.js';
import type { ProgressBar } from './progress-bar.js';
import { ResultOutput } from './result-output.js';
import type { ModelAnswer, Task } from './task.js';

/**
 * Predicts a file.
 *
 * @param signal leaves a job running
 * @throws PredictError
 */
export async function predict(options: PredictOptions, bar: ProgressBar, signal: AbortSignal): Promise<void> {
  const api = new Api(options.url, options.key, signal);
  const model = await api.json<ModelAnswer>(`/models/${encodeURIComponent(options.model)}`);
  const input = await openInput(options.file);
  try {
    const format = options.format ?? (input.format === 'csv' ? 'csv' : 'jsonl');
    const output = new ResultOutput(options.output);
    const task: Task = { options, api, model, input, format, output, bar, signal };
    await (options.key === undefined ? predictAtOnce(task) : predictAsJob(task));
    await output.close();
  } catch (error) {
    const isLeft = error instanceof LeftRunningError;
    if (signal.aborted && !isLeft) throw new PredictError('Stopped before there was a job.', { cause: error });
    throw error;
  } finally {
    bar.clear();
    await input.close();
  }
}
