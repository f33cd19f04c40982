import { StopSignals } from './stop-signals.js';

const signals = new StopSignals();
signals.listen();
// Loading all the rest takes most of a start, and a signal may come meanwhile.
const { serve } = await import('./serve.js');
await serve(signals);
