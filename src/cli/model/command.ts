import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { ServingSettings } from '../../serving/index.js';

/** What cannot be done, in words that say what can. */
export class CommandError extends Error {}

/** What every command of `npm run model` works with. */
export interface CommandContext {
  readonly modelsDir: string;
  /** The application's own limits. */
  readonly settings: ServingSettings;
  /** Where the application answers, if it runs here. */
  readonly url: string;
  /** Prints a line. */
  readonly say: (line: string) => void;
}

export type Command = (args: string[], context: CommandContext) => Promise<void>;

interface Given<T extends NonNullable<ParseArgsConfig['options']>> {
  readonly values: ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>>['values'];
  readonly positionals: readonly string[];
}

/** A command's arguments: between `min` and `max` of them beside its options. */
export function readArguments<T extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: T,
  { min, max, usage }: { readonly min: number; readonly max: number; readonly usage: string },
): Given<T> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.length < min || positionals.length > max) {
    throw new CommandError(`Expected: npm run model -- ${usage}`);
  }
  return { values, positionals };
}

/** `1 rows` reads badly. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
