import { setFlagsFromString } from 'node:v8';
import { ShutdownSignals } from './shutdown-signals.js';

// V8 pretenures allocation sites whose objects once survived for long. Under load it then allocates every tensor in old space, although
// a tensor lives for a millisecond. Without pretenuring, /predict takes a quarter less processor time and the heap does not grow.
setFlagsFromString('--no-allocation-site-pretenuring');
// Start a major collection when old space has grown by half. V8 would let it grow up to four times.
setFlagsFromString('--heap-growing-percent=50');

const signals = new ShutdownSignals();
signals.register();
// Loading the application takes most of the start-up time. A signal may arrive during it.
const { serve } = await import('./serve.js');
await serve(signals);
