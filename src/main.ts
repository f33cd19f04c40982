import { setFlagsFromString } from 'node:v8';
import { ShutdownSignals } from './shutdown-signals.js';

// What has lived for long at some time, V8 would allocate as old from then on, where it looks for garbage once in seconds: under load
// that was each tensor, which is of use for a millisecond. Without that, /predict takes a quarter less processor time, and the heap
// does not grow.
setFlagsFromString('--no-allocation-site-pretenuring');
// Old garbage may grow by half of what is in use before V8 looks for it, and not to four times that.
setFlagsFromString('--heap-growing-percent=50');

const signals = new ShutdownSignals();
signals.listen();
// Loading all the rest takes most of a start, and a signal may come meanwhile.
const { serve } = await import('./serve.js');
await serve(signals);
