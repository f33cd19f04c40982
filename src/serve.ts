import 'reflect-metadata';
import { environmentVariables } from './platform/config/index.js';
import { configureApp, createApp, listen } from './configure-app.js';
import { abortStartup, Log } from './platform/logging/index.js';
import type { ShutdownSignals } from './shutdown-signals.js';

/** Starts the application. A failed start ends the process with exit code 1. */
export async function serve(signals: ShutdownSignals): Promise<void> {
  try {
    const app = configureApp(await createApp(environmentVariables()));
    await listen(app, () => signals.startGraceful(() => app.get(Log).flush()));
  } catch (error) {
    abortStartup(error);
  }
}
