import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Variables } from './env.js';

/** The variables of this process, over those of a `.env` file in the working directory. */
export function environmentVariables(): Variables {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  return { ...file, ...process.env };
}
