import 'reflect-metadata';
import { environmentVariables } from '../platform/config/index.js';
import { runMain } from './command-line.js';
import { readOptions, USAGE } from './predict/options.js';
import { ProgressBar } from './predict/progress-bar.js';

const abort = new AbortController();
process.once('SIGINT', () => abort.abort());

await runMain(USAGE, async (args) => {
  const options = readOptions(args, environmentVariables());
  // Imported late, so that a wrong argument is reported without loading the rest.
  const { predict } = await import('./predict/predict.js');
  await predict(options, new ProgressBar(process.stderr), abort.signal);
});
