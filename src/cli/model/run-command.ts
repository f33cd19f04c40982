import { add } from './add.js';
import { check } from './check.js';
import { type Command, type CommandContext, CommandError } from './command.js';
import { list } from './list.js';
import { pin } from './pin.js';
import { quantize } from './quantize.js';
import { types } from './types.js';

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

/** Does what a command line asks for; throws, in words, where that cannot be done. */
export async function runCommand(
  [name = '', ...args]: readonly string[],
  say: CommandContext['say'],
  readContext: () => Omit<CommandContext, 'say'>,
): Promise<void> {
  if ([name, ...args].some((argument) => argument === '--help' || argument === '-h')) {
    say(USAGE);
    return;
  }
  const command = COMMANDS.get(name);
  if (!command) throw new CommandError(`What is to be done?\n\n${USAGE}`);
  await command(args, { ...readContext(), say });
}
