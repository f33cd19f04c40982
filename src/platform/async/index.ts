export { ConcurrencyLimiter } from './concurrency-limiter.js';
export { inPieces } from './in-pieces.js';
export { PeriodicTask } from './periodic-task.js';
