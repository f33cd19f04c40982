import type { ServingSettings } from '../../serving/index.js';

/** Shared by all commands of `npm run model`. */
export interface CommandContext {
  readonly modelsDir: string;
  /** The limits of the application, so that the command loads models as the application does. */
  readonly settings: ServingSettings;
  /** Base URL of the application, if it runs on this machine. */
  readonly url: string;
  /** Prints a line to stdout. */
  readonly print: (line: string) => void;
}

export type Command = (args: string[], context: CommandContext) => Promise<void>;
