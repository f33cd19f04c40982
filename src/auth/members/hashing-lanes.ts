import { availableParallelism } from 'node:os';
import { Lanes } from '../../platform/async/index.js';
import { HashingBusyError } from '../auth.errors.js';

/** Of the four threads that Node does files and names on, one stays free. */
const MAX_LANES = 3;
/** For each lane; at some 25 ms for each, the last waits for five seconds. */
const MAX_WAITING = 200;

/** Hashing takes 19 MiB and a core for its time: all but one core may be at it, and what cannot be done soon is refused. */
export class HashingLanes extends Lanes {
  constructor(cores = availableParallelism()) {
    const lanes = Math.min(MAX_LANES, Math.max(1, cores - 1));
    super({ lanes, waiting: lanes * MAX_WAITING, refusal: () => new HashingBusyError() });
  }
}
