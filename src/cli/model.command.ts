import 'reflect-metadata';
import { environmentVariables, readSettings } from '../platform/config/index.js';
import { HttpSettings } from '../platform/http/index.js';
import type { CommandContext } from './model/command.js';
import { runCommand } from './model/run-command.js';
import { ServingSettings } from '../serving/index.js';

try {
  await runCommand(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`), readContext);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

function readContext(): Omit<CommandContext, 'say'> {
  const variables = environmentVariables();
  const settings = readSettings(ServingSettings, variables);
  return {
    modelsDir: settings.modelsDir,
    settings,
    url: `http://localhost:${readSettings(HttpSettings, variables).port}`,
  };
}
