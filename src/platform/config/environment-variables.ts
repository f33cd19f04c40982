import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { decodeText } from './decode-text.js';
import type { Variables } from './env.js';

/** @returns the variables of this process, which override a `.env` file in the working directory */
export function environmentVariables(): Variables {
  const file = existsSync('.env') ? parseEnv(decodeText(readFileSync('.env'))) : {};
  return { ...file, ...process.env };
}
