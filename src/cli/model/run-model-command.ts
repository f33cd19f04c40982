import { CommandError } from '../command-line.js';
import { add } from './add.js';
import { check } from './check.js';
import { compare } from './compare.js';
import type { Command, CommandContext } from './command-context.js';
import { list } from './list.js';
import { pin } from './pin.js';
import { quantize } from './quantize.js';
import { types } from './types.js';

export const USAGE = `Adds, checks, pins, compares and quantizes the models of a store.

  npm run model -- add <file.onnx> --name <name> [--version <n>] [--reference <rows.csv|rows.json>]
                       [--access public|member|admin] [--candidate] [--own-answer]
      adds a new model, or the next version of an existing one, after a test prediction, with its files pinned;
      --reference verifies rows with the outputs of the library that trained the model, keeps them as reference.json of
      the version, and adds nothing where they differ; --access says who may predict with a new model (public);
      --candidate adds a version that serves by default only once an administrator chooses it, and may have features and
      outputs of its own; --own-answer accepts a version whose prediction for the example differs from the one in model.json
  npm run model -- pin <name> [<version>]     writes the sha256 of the current files into model.json
  npm run model -- check [<name> ...]         loads every version as the application does, verifies all rows of its
                                              reference.json, and reports the result
  npm run model -- list                       lists models and versions
  npm run model -- compare <name> <version> <version> --rows <rows.csv|rows.json|rows.jsonl>
      prints how the predictions of two versions differ for the rows of a file
  npm run model -- types [--check]            writes src/inference/models.generated.ts, TypeScript types of every model;
                                              --check only reports whether that file is up to date
  npm run model -- quantize <name> [--version <n>]
      makes the next version of a model with 8-bit weights, as a candidate, and compares size, speed and predictions;
      needs Python 3, and the network for the first time

Works on the model store of MODELS_DIR, with the application running or not. See docs/data-scientists.md.
`;

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({ add, pin, check, list, compare, types, quantize }),
);

/**
 * Runs the subcommand that the first argument names.
 *
 * @param readContext called once the command is known, so that a wrong command is reported before wrong settings
 * @throws CommandError
 */
export async function runModelCommand(
  [name = '', ...args]: readonly string[],
  readContext: () => CommandContext,
): Promise<void> {
  const command = COMMANDS.get(name);
  if (!command) throw new CommandError(`Expected one of the commands ${[...COMMANDS.keys()].join(', ')}.\n\n${USAGE}`);
  await command(args, readContext());
}
