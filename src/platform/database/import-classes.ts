import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SOURCE_ROOT } from '../config/index.js';

/**
 * Imports every built source file whose path matches. `scripts/bundle.mjs` replaces this search with static imports.
 *
 * @returns the exported classes
 */
export async function importClasses(pattern: RegExp): Promise<unknown[]> {
  const root = fileURLToPath(SOURCE_ROOT);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => join(root, file))
    .filter((file) => pattern.test(file))
    .sort();
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(file).href) as Promise<object>));
  return modules.flatMap((module) => Object.values(module) as unknown[]).filter((value) => typeof value === 'function');
}
