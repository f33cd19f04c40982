import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const IRIS = fileURLToPath(new URL('../../models/iris', import.meta.url));
const TINY_MODELS = fileURLToPath(new URL('../fixtures/models', import.meta.url));

/** A temporary model store with the iris model. */
export class TestModelStore {
  private constructor(readonly path: string) {}

  static async create(): Promise<TestModelStore> {
    const store = new TestModelStore(await mkdtemp(join(tmpdir(), 'barista-models-')));
    for (const part of ['model.json', '1'])
      await cp(join(IRIS, part), join(store.path, 'iris', part), { recursive: true });
    return store;
  }

  /** Adds one of the models of `test/fixtures/models` as a version of `name`, with a manifest if given. */
  async add(name: string, tinyModel: string, { version = 1, manifest }: { version?: number; manifest?: object } = {}) {
    const folder = join(this.path, name, String(version));
    await mkdir(folder, { recursive: true });
    await cp(join(TINY_MODELS, `${tinyModel}.onnx`), join(folder, 'model.onnx'));
    if (manifest) await this.write(join(name, 'model.json'), JSON.stringify(manifest));
  }

  /** Adds a regression of `a` and `b` (10 unless given, scaled): their sum as version 1, their difference as version 2. */
  async addTwoVersions(name: string): Promise<void> {
    const features = [{ name: 'a' }, { name: 'b', default: 10, mean: 1, std: 2 }];
    await this.add(name, 'sum', { version: 1 });
    await this.add(name, 'difference', { version: 2, manifest: { features, output: { value: 'sum' } } });
  }

  /** Writes a file at a path in the store. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(join(this.path, path, '..'), { recursive: true });
    await writeFile(join(this.path, path), content);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
