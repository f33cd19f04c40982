import 'reflect-metadata';
import { processVariables, readSettings } from '../config/index.js';
import { HttpSettings } from '../http/index.js';
import { add } from './commands/add.js';
import { check } from './commands/check.js';
import { type Command, CommandError } from './commands/command.js';
import { list } from './commands/list.js';
import { pin } from './commands/pin.js';
import { quantize } from './commands/quantize.js';
import { types } from './commands/types.js';
import { InferenceSettings } from './inference.settings.js';

const USAGE = `Models: put into the store, verified, and made lighter.

  npm run model -- add <file.onnx> --name <name> [--version <n>] [--own-answer]
      a new model, or the next version of one that is there: tried, pinned, and put into its place in one step;
      --own-answer takes a version that answers the model's example otherwise than model.json says
  npm run model -- pin <name> [<version>]     writes the sha256 of the files as they are into model.json
  npm run model -- check [<name> ...]         loads every version as the application would, and says what it found
  npm run model -- list                       what there is
  npm run model -- types [--check]            writes src/inference/models.generated.ts, TypeScript types of every model;
                                              --check only says whether that file is what would be written
  npm run model -- quantize <name> [--version <n>]
      makes the next version of a model with 8-bit weights, as a candidate, and reports what it is worth;
      needs Python 3, and the network for the first time

Works on the model store of MODELS_DIR, with the application running or not. See docs/data-scientists.md.
`;

const COMMANDS: ReadonlyMap<string, Command> = new Map(Object.entries({ add, pin, check, list, types, quantize }));

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run([name = '', ...args]: string[]): Promise<void> {
  if ([name, ...args].some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(USAGE);
    return;
  }
  const command = COMMANDS.get(name);
  if (!command) throw new CommandError(`What is to be done?\n\n${USAGE}`);
  const variables = processVariables();
  const { modelsDir, deadlineMs } = readSettings(InferenceSettings, variables);
  const url = `http://localhost:${readSettings(HttpSettings, variables).port}`;
  await command(args, { modelsDir, deadlineMs, url, say: (line) => process.stdout.write(`${line}\n`) });
}
