import 'reflect-metadata';
import { environmentVariables } from './platform/config/index.js';
import { configureApp, createApp, listen } from './configure-app.js';
import { abortStartup, Log } from './platform/logging/index.js';
import type { ShutdownSignals } from './shutdown-signals.js';

/** Serves until the process is asked to stop; a start that cannot succeed ends it. */
export async function serve(signals: ShutdownSignals): Promise<void> {
  try {
    const app = configureApp(await createApp(environmentVariables()));
    await listen(app, () => signals.handOver(() => app.get(Log).flush()));
  } catch (error) {
    abortStartup(error);
  }
}
