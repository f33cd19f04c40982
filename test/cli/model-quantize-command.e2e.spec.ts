import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/serving/manifest/manifest.js';
import { TestModelStore } from '../support/model-store.js';
import { describeUnless } from '../support/describe-unless.js';
import { type Finished, ROOT, run } from '../support/project.js';
import { startTestApp } from '../support/test-app.js';

const COMMAND = 'dist/src/cli/model.command.js';
/** The first run makes the virtual environment, which downloads about 100 MB. */
const TIMEOUT_MS = 300_000;

const hasPython = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
const noPython = hasPython ? undefined : 'no Python 3 with venv was found (Debian: python3-venv)';
const describeWithPython = describeUnless(noPython);

describeWithPython('npm run model -- quantize', () => {
  let store: TestModelStore;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await model('add', join(ROOT, 'test/fixtures/models/perceptron.onnx'), '--name', 'digits');
  });

  afterAll(() => store.remove());

  const model = (...args: string[]): Promise<Finished> =>
    run(process.execPath, [COMMAND, ...args], { variables: { MODELS_DIR: store.path } });
  const manifestOf = async (name: string) =>
    JSON.parse(await readFile(join(store.path, name, 'model.json'), 'utf8')) as Manifest;

  it(
    'adds a quantized candidate, compares it with the source, and does not promote it',
    async () => {
      const { example } = await manifestOf('digits');
      const rows = [{ input: example?.input }, { input: { ...example?.input, feature_1: -3 } }];
      await store.write('digits/fixture.json', JSON.stringify({ rows }));
      const { code, stdout, stderr } = await model('quantize', 'digits');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('digits/2 is digits/1 with 8-bit weights.');
      expect(stdout).toMatch(/^ {2}size +38.7 kB → 1\d\.\d kB$/m);
      expect(stdout).toMatch(/^ {2}speed +\d\.\d{3} ms → \d\.\d{3} ms a row, medians of \d+ alternating runs each$/m);
      expect(stdout).toMatch(
        /compared +5 rows \(3 made .*, 2 of fixture.json\): the same label for 5 of 5; numbers differ by at most 0\.0\d+/,
      );
      expect(stdout).toContain('/models/digits/versions/2/predict');

      const { versions } = await manifestOf('digits');
      expect(versions?.[2]).toMatchObject({ candidate: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect((await model('check', 'digits')).stdout).toMatch(
        /^ok +digits\/2 +pinned; example verified; .*a candidate$/m,
      );

      const app = await startTestApp({ MODELS_DIR: store.path });
      const { body: served } = await app.client().post('/models/digits/predict', example?.input);
      const { body: light } = await app.client().post('/models/digits/versions/2/predict', example?.input);
      expect([served.version, light.version]).toEqual(['1', '2']);
      expect(light.predictions[0].label).toBe(served.predictions[0].label);
      expect(light.predictions[0].probabilities).not.toEqual(served.predictions[0].probabilities);
      await app.close();
    },
    TIMEOUT_MS,
  );

  it(
    'refuses a tree ensemble, which has no weights to quantize, and leaves no files',
    async () => {
      const text = await readFile(join(store.path, 'iris/model.json'), 'utf8');
      const { code, stderr } = await model('quantize', 'iris');
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/^iris\/1 has no weights that could be made 8-bit: .*a tree ensemble/),
      });
      expect(await readFile(join(store.path, 'iris/model.json'), 'utf8')).toBe(text);
      expect((await readdir(join(store.path, 'iris'))).sort()).toEqual(['1', 'model.json']);
      expect(await readdir(store.path)).toEqual(['digits', 'iris']);
    },
    TIMEOUT_MS,
  );

  it('refuses a source version that is missing or does not match its pin', async () => {
    await store.add('changed', 'sum', { manifest: { versions: { 1: { sha256: '0'.repeat(64) } } } });
    const { code, stderr } = await model('quantize', 'changed');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^changed\/1: the file has sha256/) });
    const missing = await model('quantize', 'iris', '--version', '9');
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('"iris" has no version 9') });
  });
});
