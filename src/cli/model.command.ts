import 'reflect-metadata';
import { environmentVariables, readSettings } from '../platform/config/index.js';
import { HttpSettings } from '../platform/http/index.js';
import { ServingSettings } from '../serving/index.js';
import { runMain } from './command-line.js';
import { runModelCommand, USAGE } from './model/run-model-command.js';

await runMain(USAGE, (args) => {
  return runModelCommand(args, () => {
    const variables = environmentVariables();
    const settings = readSettings(ServingSettings, variables);
    return {
      modelsDir: settings.modelsDir,
      settings,
      url: `http://localhost:${readSettings(HttpSettings, variables).port}`,
      print: (line) => process.stdout.write(`${line}\n`),
    };
  });
});
