import 'reflect-metadata';
import { environmentVariables } from '../platform/config/index.js';
import { type PredictOptions, readOptions, USAGE } from './predict/options.js';
import { ProgressBar } from './predict/progress-bar.js';

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2), environmentVariables());
  if (options) await start(options);
  else process.stdout.write(USAGE);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

/** What is needed of the rest is loaded once it is known what is asked for. */
async function start(options: PredictOptions): Promise<void> {
  const { predict } = await import('./predict/predict.js');
  await predict(options, new ProgressBar(process.stderr), stopping.signal);
}
