import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runModelCommand } from '../../src/cli/model/run-model-command.js';
import { Env } from '../../src/platform/config/index.js';
import type { Manifest } from '../../src/serving/manifest/manifest.js';
import { ServingSettings } from '../../src/serving/serving.settings.js';
import type { TestModelStore } from './model-store.js';
import { type Finished, ROOT } from './project.js';

const TINY = join(ROOT, 'test/fixtures/models');

/** `npm run model` on a store, in this process. */
export class ModelCommand {
  constructor(private readonly store: TestModelStore) {}

  async run(...args: string[]): Promise<Finished> {
    const settings = new ServingSettings(new Env({ MODELS_DIR: this.store.path }));
    let stdout = '';
    const print = (line: string): void => void (stdout += `${line}\n`);
    const context = { modelsDir: this.store.path, settings, url: 'http://localhost:3000', print };
    try {
      await runModelCommand(args, () => context);
      return { code: 0, stdout, stderr: '' };
    } catch (error) {
      return { code: 1, stdout, stderr: `${(error as Error).message}\n` };
    }
  }

  /** @returns what it has printed @throws unless it succeeds */
  async succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  /** Adds one of the models of `test/fixtures/models`. */
  add(tiny: string, name: string, ...more: string[]): Promise<string> {
    return this.succeed(...addition(tiny, name, ...more));
  }

  async manifestOf(name: string): Promise<Manifest> {
    return JSON.parse(await readFile(join(this.store.path, name, 'model.json'), 'utf8')) as Manifest;
  }

  /** All files of the store, also hidden ones. */
  async files(): Promise<string[]> {
    return (await readdir(this.store.path, { recursive: true })).sort();
  }
}

/** The arguments that add one of the models of `test/fixtures/models`. */
export function addition(tiny: string, name: string, ...more: string[]): string[] {
  return ['add', join(TINY, `${tiny}.onnx`), '--name', name, ...more];
}

/** Expects the command to fail with a message, to print nothing, and to leave the store unchanged. */
export async function expectRefusal(command: ModelCommand, message: RegExp | string, ...args: string[]): Promise<void> {
  const before = await command.files();
  const { code, stdout, stderr } = await command.run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
  expect(await command.files()).toEqual(before);
}
