import 'reflect-metadata';
import { processVariables } from '../config/index.js';
import { readOptions, USAGE } from './predict/options.js';
import { predict } from './predict/predict.js';
import { ProgressBar } from './predict/progress-bar.js';

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2), processVariables());
  if (options) await predict(options, new ProgressBar(process.stderr), stopping.signal);
  else process.stdout.write(USAGE);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
