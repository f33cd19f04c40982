export { formatKept, type KeptColumns, nameKeptColumns } from './kept-columns.js';
export { PredictionJobsModule } from './prediction-jobs.module.js';
export { ON_ERROR, type OnError } from './prediction-payload.js';
export { formatResultLine } from './result-lines.js';
export { toResultLine, ResultTable } from './result-table.js';
