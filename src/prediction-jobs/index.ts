export { PredictionJobsModule } from './prediction-jobs.module.js';
export { ON_ERROR, type OnError } from './prediction-payload.js';
export { lineOf } from './result-lines.js';
export { lineFor, ResultTable } from './result-table.js';
