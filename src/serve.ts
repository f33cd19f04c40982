import 'reflect-metadata';
import { processVariables } from './platform/config/index.js';
import { configureApp, createApp, listen } from './configure-app.js';
import { endStart, Log } from './platform/logging/index.js';
import type { StopSignals } from './stop-signals.js';

/** Serves until the process is asked to stop; a start that cannot succeed ends it. */
export async function serve(signals: StopSignals): Promise<void> {
  try {
    const app = configureApp(await createApp(processVariables()));
    await listen(app, () => signals.handOver(() => app.get(Log).flush()));
  } catch (error) {
    endStart(error);
  }
}
