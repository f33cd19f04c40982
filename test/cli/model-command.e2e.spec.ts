import { Env } from '../../src/platform/config/index.js';
import { ServingSettings } from '../../src/serving/serving.settings.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/serving/manifest/manifest.js';
import { runModelCommand } from '../../src/cli/model/run-model-command.js';
import { TestModelStore } from '../support/model-store.js';
import { bareVariables, type Finished, ROOT, run } from '../support/project.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const COMMAND = 'dist/src/cli/model.command.js';
const TINY = join(ROOT, 'test/fixtures/models');
const SHA256 = /^[0-9a-f]{64}$/;
/** Iterations of the loop in `spin.onnx`: longer than any test. */
const FOR_EVER = 1_000_000_000_000;

describe('npm run model', () => {
  let store: TestModelStore;

  beforeEach(async () => {
    store = await TestModelStore.create();
  });

  afterEach(() => store.remove());

  const modelProcess = (...args: string[]): Promise<Finished> =>
    run(process.execPath, [COMMAND, ...args], { variables: { MODELS_DIR: store.path } });
  /** Runs the command in this process, which is faster. */
  const model = async (...args: string[]): Promise<Finished> => {
    const settings = new ServingSettings(new Env({ MODELS_DIR: store.path }));
    let stdout = '';
    const print = (line: string): void => void (stdout += `${line}\n`);
    try {
      await runModelCommand(args, () => ({ modelsDir: store.path, settings, url: 'http://localhost:3000', print }));
      return { code: 0, stdout, stderr: '' };
    } catch (error) {
      return { code: 1, stdout, stderr: `${(error as Error).message}\n` };
    }
  };
  const add = (tiny: string, name: string, ...more: string[]) =>
    model('add', join(TINY, `${tiny}.onnx`), '--name', name, ...more);
  const succeed = async (done: Promise<Finished>): Promise<string> => {
    const { code, stdout, stderr } = await done;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const manifestOf = async (name: string) =>
    JSON.parse(await readFile(join(store.path, name, 'model.json'), 'utf8')) as Manifest;
  /** All files of the store, also hidden ones. */
  const files = async () => (await readdir(store.path, { recursive: true })).sort();

  /** Expects the command to fail with a message, without a stack trace, and to leave the store unchanged. */
  async function expectRefusal(done: () => Promise<Finished>, message: RegExp | string): Promise<void> {
    const before = await files();
    const { code, stdout, stderr } = await done();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await files()).toEqual(before);
  }

  describe('add', () => {
    it('adds a model that the application serves, with typed features and a valid example', async () => {
      const classifier = join(TINY, 'classifier.onnx');
      const stdout = await succeed(modelProcess('add', classifier, '--name', 'species'));
      expect(stdout).toContain('Added species, version 1');
      expect(stdout).toContain('curl http://localhost:3000/models/species/predict');
      expect(await manifestOf('species')).toEqual({
        features: [{ name: 'feature_1' }, { name: 'feature_2' }],
        output: { label: 'label', probabilities: 'probabilities' },
        example: { input: { feature_1: 1, feature_2: 1 }, output: { label: 0 } },
        versions: { 1: { sha256: expect.stringMatching(SHA256) } },
      });
      await succeed(add('sum', 'total'));
      expect((await manifestOf('total')).example).toEqual({ input: { feature_1: 1, feature_2: 1 }, value: 2 });
      const app = await startTestApp({ MODELS_DIR: store.path });
      const { body } = await app.client().get('/models/species');
      expect(body).toMatchObject({ state: 'ready', batching: { enabled: true } });
      const { body: response } = await app.client().post('/models/species/predict', body.example.input);
      expect(response.predictions).toMatchObject([{ label: '0', index: 0 }]);
      await app.close();
    });

    it('makes a folder with default permissions, and leaves no staging folder', async () => {
      await succeed(add('sum', 'total'));
      expect(await readdir(store.path)).toEqual(['iris', 'total']);
      const ordinary = join(store.path, 'ordinary');
      await mkdir(ordinary);
      expect((await stat(join(store.path, 'total'))).mode).toBe((await stat(ordinary)).mode);
      expect((await readdir(join(store.path, 'total'), { recursive: true })).sort()).toEqual([
        '1',
        '1/model.onnx',
        'model.json',
      ]);
    });

    it('copies and pins the external weight files of a model', async () => {
      await succeed(add('external', 'heavy'));
      expect((await manifestOf('heavy')).versions?.[1]?.files).toEqual({
        'external.weights': expect.stringMatching(SHA256),
      });
      expect(await readFile(join(store.path, 'heavy/1/external.weights'))).toEqual(
        await readFile(join(TINY, 'external.weights')),
      );
      await succeed(model('check', 'heavy'));
    });

    it('writes the example by output tensor for a model with ambiguous outputs', async () => {
      await succeed(add('kinds', 'kinds'));
      const { output, example } = await manifestOf('kinds');
      expect(output).toBeUndefined();
      expect(example?.output).toMatchObject({
        number_out: 1,
        grid_out: [
          [1, 1, 1],
          [1, 1, 1],
        ],
      });
      await succeed(model('check', 'kinds'));
    });

    it('adds a model whose outputs are called like members of results', async () => {
      await succeed(add('reserved', 'odd'));
      const { example } = await manifestOf('odd');
      expect(example?.output).toMatchObject({ row: 1, error: 1, id: 1, values: 1, output_id: 1 });
      await succeed(model('check', 'odd'));
    });

    it('compares the example of a new version by output tensor where labels are given without an output', async () => {
      const labels = ['left', 'middle', 'right'];
      const example = { input: { features: [1, 1] }, output: { label: 0 } };
      await store.add('named', 'classifier', { manifest: { labels, example } });
      await succeed(add('classifier', 'named'));
      expect((await manifestOf('named')).versions?.[2]).toEqual({ sha256: expect.stringMatching(SHA256) });
    });

    it('adds versions to an existing model, and keeps the rest of its manifest', async () => {
      const manifest = { description: 'Theirs', features: [{ name: 'a' }, { name: 'b', default: 3 }] };
      await store.add('sum', 'sum', { manifest: { ...manifest, output: { value: 'sum' } } });
      expect(await succeed(add('sum', 'sum'))).toContain('Added sum, version 2');
      expect(await succeed(add('sum', 'sum', '--version', '7'))).toContain('version 7');
      expect(await succeed(add('sum', 'sum'))).toContain('version 8');
      const { versions, ...rest } = await manifestOf('sum');
      expect(rest).toEqual({ ...manifest, output: { value: 'sum' } });
      expect(Object.keys(versions ?? {})).toEqual(['2', '7', '8']);
    });

    it('accepts a different prediction for the example only with --own-answer', async () => {
      await succeed(add('sum', 'sum'));
      await expectRefusal(() => add('difference', 'sum'), /sum\/2 predicts {"value":0} for the example.*--own-answer/);
      expect(Object.keys((await manifestOf('sum')).versions ?? {})).toEqual(['1']);
      await succeed(add('difference', 'sum', '--own-answer'));
      expect((await manifestOf('sum')).versions?.[2]).toMatchObject({ example: { value: 0 } });
      await succeed(model('check', 'sum'));
    });

    it('refuses a model that cannot be served with a reason, and leaves the store unchanged', async () => {
      await store.add('sum', 'sum', { manifest: { features: [{ name: 'a' }, { name: 'b' }] } });
      await store.add('bare', 'sum');
      await store.write('lonely.onnx', await readFile(join(TINY, 'external.onnx')));
      const lonely = join(store.path, 'lonely.onnx');
      await expectRefusal(() => add('sequence', 'new'), /"parts" is not a tensor; return tensors from the model/);
      await expectRefusal(() => model('add', 'README.md', '--name', 'new'), /README.md: the file is not an ONNX model/);
      await expectRefusal(() => model('add', 'no.onnx', '--name', 'new'), 'no.onnx: there is no such file');
      await expectRefusal(() => model('add', lonely, '--name', 'new'), /"external.weights", .* is missing beside it/);
      await expectRefusal(() => add('sum', '../new'), /--name: expected 1 to 64 of a–z/);
      await expectRefusal(() => add('sum', 'new', '--version', '0'), /--version: expected a whole number from 1 to/);
      await expectRefusal(() => add('sum', 'sum', '--version', '1'), /"sum" has a version 1 already/);
      await expectRefusal(() => add('pick', 'sum'), /sum\/2: .*model.json has 2 features for it/);
      await expectRefusal(() => add('centre', 'bare'), /bare\/2 does not take the same rows.* as bare\/1/);
    });

    it.each(['SIGTERM', 'SIGKILL'] as const)('leaves the models unchanged when %s ends it half-way', async (signal) => {
      const manifest = { example: { input: { turns: FOR_EVER } } };
      await store.write('spin/model.json', JSON.stringify(manifest));
      const visible = async () => (await files()).filter((file) => !file.startsWith('.'));
      const before = await visible();
      const args = [COMMAND, 'add', join(TINY, 'spin.onnx'), '--name', 'spin'];
      const env = { ...bareVariables(), MODELS_DIR: store.path, DEADLINE_MS: '600000' };
      const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'ignore' });
      await until('the staged model is being loaded', async () =>
        (await files()).some((file) => /^\..*model\.onnx$/.test(file)),
      );
      child.kill(signal);
      const [code] = (await once(child, 'close')) as [number | null];
      expect(code).toBe(signal === 'SIGTERM' ? 1 : null);
      expect(await visible()).toEqual(before);
      expect((await files()).some((file) => file.startsWith('.'))).toBe(signal === 'SIGKILL');
      expect(await manifestOf('spin')).toEqual(manifest);
    });
  });

  describe('pin', () => {
    it('writes the hashes of all versions or of one, and changes nothing else', async () => {
      const text = await readFile(join(store.path, 'iris/model.json'), 'utf8');
      await store.write('iris/model.json', text.replace(/"sha256": "\w+"/, `"sha256": "${'0'.repeat(64)}"`));
      await succeed(model('pin', 'iris'));
      expect(await readFile(join(store.path, 'iris/model.json'), 'utf8')).toBe(text);

      await store.addTwoVersions('sum');
      await succeed(model('pin', 'sum', '2'));
      expect(Object.keys((await manifestOf('sum')).versions ?? {})).toEqual(['2']);
      await succeed(model('pin', 'sum'));
      expect(Object.keys((await manifestOf('sum')).versions ?? {})).toEqual(['1', '2']);
    });

    it('pins external weight files, too', async () => {
      await store.add('heavy', 'external');
      await cp(join(TINY, 'external.weights'), join(store.path, 'heavy/1/external.weights'));
      expect(await succeed(model('pin', 'heavy'))).toContain('and 1 file with its weights');
      expect(Object.keys((await manifestOf('heavy')).versions?.[1]?.files ?? {})).toEqual(['external.weights']);
    });

    it('names the models or versions that exist when the given one does not', async () => {
      await expectRefusal(() => model('pin', 'rose'), /There is no model "rose" in .*There are: iris/);
      await expectRefusal(() => model('pin', 'iris', '9'), /"iris" has no version 9. There are: 1/);
      await expectRefusal(() => model('pin'), /Expected: npm run model -- pin <name>/);
    });
  });

  describe('check', () => {
    it('reports for each version whether it can be served, and fails when one cannot', async () => {
      await store.addTwoVersions('sum');
      await store.add('centre', 'centre');
      const good = await succeed(model('check'));
      expect(good.split('\n')).toEqual([
        expect.stringMatching(
          /^ok +centre\/1 +NOT PINNED \(npm run model -- pin centre 1\); no example; one row at a time/,
        ),
        expect.stringMatching(/^ok +iris\/1 +pinned; example verified; rows run together, at most 256$/),
        expect.stringMatching(/^ok +sum\/2 /),
        expect.stringMatching(/^ok +sum\/1 /),
        '',
      ]);

      await store.add('liar', 'sum', { manifest: { example: { input: { x: [1, 2] }, output: { sum: 4 } } } });
      await store.write('broken/model.json', '{"acess":"public"}');
      await store.write('iris/1/model.onnx', await readFile(join(TINY, 'sum.onnx')));
      const { code, stdout, stderr } = await model('check', 'liar', 'iris', 'broken', 'sum');
      expect({ code, stderr }).toEqual({ code: 1, stderr: '3 checks failed.\n' });
      expect(stdout).toMatch(/^FAILED +liar\/1 +its output "sum" for its own example is not the one in model.json$/m);
      expect(stdout).toMatch(/^FAILED +iris\/1 +the file has sha256/m);
      expect(stdout).toMatch(/^FAILED +broken .*it has an unknown key "acess"$/m);
      expect(stdout).toMatch(/^ok +sum\/1/m);
    });
  });

  describe('list', () => {
    it('prints models and versions with size, pin and candidate flag', async () => {
      await store.addTwoVersions('sum');
      await store.add('light', 'sum', { manifest: { versions: { 1: { candidate: true } } } });
      await mkdir(join(store.path, 'empty'));
      const rows = (await succeed(model('list'))).trimEnd().split('\n');
      expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
        ['MODEL', 'VERSION', 'SIZE', 'PINNED'],
        ['empty', '-', '-', '-', 'no version'],
        ['iris', '1', '216.3 kB', 'yes'],
        ['light', '1', '127 B', 'no', 'candidate'],
        ['sum', '2', '110 B', 'no'],
        ['sum', '1', '127 B', 'no'],
      ]);
    });
  });

  describe('types', () => {
    it('finds the types of the models of this repository up to date', async () => {
      const variables = { MODELS_DIR: join(ROOT, 'models') };
      const { code, stderr } = await run(process.execPath, [COMMAND, 'types', '--check'], { variables });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    });

    it('reports stale types when a model has changed', async () => {
      await succeed(add('sum', 'total'));
      const refusal = /^src\/inference\/models.generated.ts is stale: models have changed since/;
      await expectRefusal(() => model('types', '--check'), refusal);
    });
  });

  it('prints its usage with --help, and a message for wrong arguments', async () => {
    expect(await succeed(modelProcess('--help'))).toContain('npm run model -- add <file.onnx> --name <name>');
    expect(await succeed(modelProcess('quantize', '-h'))).toContain('npm run model -- add <file.onnx> --name <name>');
    await expectRefusal(() => modelProcess(), /Expected one of the commands/);
    await expectRefusal(() => model('train'), /Expected one of the commands/);
    await expectRefusal(() => model('list', '--force'), /--force/);
    await expectRefusal(() => add('sum', 'a', 'b.onnx'), /Expected: npm run model -- add/);
    await expectRefusal(() => model('add', 'b.onnx'), /--name is required/);
    const nowhere = { MODELS_DIR: join(store.path, 'nowhere') };
    const { code, stderr } = await run(process.execPath, [COMMAND, 'list'], { variables: nowhere });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('MODELS_DIR: there are no models in'),
    });
  });
});
