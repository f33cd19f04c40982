import { parseArgs, type ParseArgsConfig } from 'node:util';

/** An error whose message tells the user what went wrong and what to do. It is printed without a stack trace. */
export class CommandError extends Error {}

/**
 * Entry point of a command: prints `usage` if the arguments ask for help, else runs the command. An error is printed to
 * stderr and sets exit code 1.
 */
export async function runMain(usage: string, main: (args: string[]) => Promise<void>): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return;
  }
  try {
    await main(args);
  } catch (error) {
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = 1;
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

interface ParsedArguments<T extends Options> {
  readonly values: ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>>['values'];
  readonly positionals: readonly string[];
}

/**
 * Parses the options and the positional arguments of a command.
 *
 * @param expected error message for a wrong number of positional arguments
 * @throws CommandError, or a TypeError of `parseArgs` for an unknown option
 */
export function parseArguments<T extends Options>(
  args: string[],
  options: T,
  { min, max, expected }: { readonly min: number; readonly max: number; readonly expected: string },
): ParsedArguments<T> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.length < min || positionals.length > max || positionals.includes(''))
    throw new CommandError(expected);
  return { values, positionals };
}

/** Some connection errors have a code and no message. */
function formatError(error: unknown): string {
  const { message = '', code } = error as { message?: string; code?: string };
  return message === '' ? (code ?? String(error)) : message;
}
