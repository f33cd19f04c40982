import 'reflect-metadata';
import { processVariables } from './config/index.js';
import { configureApp, createApp, listen } from './configure-app.js';
import { endStart } from './logging/index.js';

try {
  await listen(configureApp(await createApp(processVariables())));
} catch (error) {
  endStart(error);
}
