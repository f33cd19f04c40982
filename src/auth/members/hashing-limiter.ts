import { availableParallelism } from 'node:os';
import { ConcurrencyLimiter } from '../../platform/async/index.js';
import { HashingBusyError } from '../auth.errors.js';

/** libuv's pool has four threads; one stays free for files and DNS. */
const MAX_CONCURRENCY = 3;
/** Per concurrent hash. At some 25 ms a hash, the last in the queue waits five seconds. */
const MAX_QUEUED = 200;

/** Hashing takes 19 MiB and a core: leaves one core free, and rejects a hash that cannot start soon. */
export class HashingLimiter extends ConcurrencyLimiter {
  constructor(cores = availableParallelism()) {
    const concurrency = Math.min(MAX_CONCURRENCY, Math.max(1, cores - 1));
    super({ concurrency, maxQueued: concurrency * MAX_QUEUED, overflowError: () => new HashingBusyError() });
  }
}
