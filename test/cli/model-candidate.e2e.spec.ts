import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addition, expectRefusal, ModelCommand } from '../support/model-command.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp } from '../support/test-app.js';

describe('npm run model -- add', () => {
  let store: TestModelStore;
  let command: ModelCommand;

  beforeEach(async () => {
    store = await TestModelStore.create();
    command = new ModelCommand(store);
  });

  afterEach(() => store.remove());

  describe('--access', () => {
    it('says who may predict with a new model, and add says that it is everybody unless given', async () => {
      expect(await command.add('sum', 'open')).toMatch(/access +public: anybody may predict/);
      expect((await command.manifestOf('open')).access).toBeUndefined();
      const printed = await command.add('sum', 'inner', '--access', 'member');
      expect(printed).toMatch(/access +member\n/);
      expect(printed).toContain('-H "Authorization: Bearer $KEY"');
      expect((await command.manifestOf('inner')).access).toBe('member');
      expect(await command.add('sum', 'inner', '--access', 'member')).toContain('version 2');
      await expectRefusal(
        command,
        /--access: the model "inner" exists, and its access is member/,
        ...addition('sum', 'inner', '--access', 'public'),
      );
      await expectRefusal(
        command,
        /--access: expected one of public, member, admin, got "all"/,
        ...addition('sum', 'new', '--access', 'all'),
      );
    });
  });

  describe('--candidate', () => {
    it('adds a version that serves by default only once it is chosen', async () => {
      await command.add('sum', 'pair');
      const printed = await command.add('difference', 'pair', '--candidate', '--own-answer');
      expect(printed).toContain('It is a candidate: it serves by default once an administrator chooses it.');
      expect(printed).toContain('curl http://localhost:3000/models/pair/versions/2/predict');
      expect((await command.manifestOf('pair')).versions?.[2]).toMatchObject({
        candidate: true,
        example: { value: 0 },
      });
      expect(await command.succeed('list')).toMatch(/pair +2 +.* candidate\n/);
      expect(await command.succeed('check', 'pair')).toMatch(/pair\/2 .*; a candidate\n/);
      // The next version does not take its interface from the candidate.
      expect(await command.add('sum', 'pair')).toContain('version 3');
      const app = await startTestApp({ MODELS_DIR: store.path });
      const { body } = await app.client().get('/models/pair');
      expect(body).toMatchObject({ defaultVersion: '3', versions: [{}, { version: '2', candidate: true }, {}] });
      await app.close();
    });

    it('drafts the outputs in which it differs, with an example of its own', async () => {
      await command.add('sum', 'pair');
      await expectRefusal(
        command,
        /names an output "sum".* Use another name, or add --candidate/,
        ...addition('classifier', 'pair'),
      );
      const printed = await command.add('classifier', 'pair', '--candidate');
      expect(printed).toContain('proves nothing: add --reference');
      const { versions, ...model } = await command.manifestOf('pair');
      expect(versions?.[2]).toEqual({
        sha256: expect.any(String),
        candidate: true,
        output: { label: 'label', probabilities: 'probabilities' },
        example: { input: { feature_1: 1, feature_2: 1 }, output: { label: 0 } },
      });
      expect(model).toMatchObject({ output: { value: 'sum' }, example: { value: 2 } });
      await command.succeed('check', 'pair');
    });

    it('drafts the features in which it differs, named by its reference rows', async () => {
      await command.add('sum', 'pair');
      await expectRefusal(command, /model.json has 2 features for it\.? .*--candidate/, ...addition('impute', 'pair'));
      const folder = await mkdtemp(join(tmpdir(), 'barista-rows-'));
      const file = join(folder, 'rows.csv');
      await writeFile(file, 'a,b,c,value\n1,2,3,6\n1,,3,24\n');
      await command.add('impute', 'pair', '--candidate', '--reference', file);
      await rm(folder, { recursive: true });
      const { features, example, output } = (await command.manifestOf('pair')).versions?.[2] ?? {};
      expect(features).toMatchObject([{ name: 'a' }, { name: 'b', nullable: true }, { name: 'c' }]);
      expect([output, example]).toEqual([undefined, { input: { a: 1, b: 2, c: 3 }, value: 6 }]);
      expect(await command.succeed('check', 'pair')).toMatch(/pair\/2 .*2 reference rows verified/);
      const app = await startTestApp({ MODELS_DIR: store.path });
      const { body } = await app.client().post('/models/pair/versions/2/predict', { a: 1, b: null, c: 3 });
      expect(body.predictions).toEqual([{ value: 24 }]);
      await app.close();
    });

    it('takes away what it has not: the mapping of outputs that have no known meaning', async () => {
      await command.add('sum', 'pair');
      await command.add('centre', 'pair', '--candidate');
      expect((await command.manifestOf('pair')).versions?.[2]).toMatchObject({ output: null });
      await command.succeed('check', 'pair');
    });

    it('may be the first version', async () => {
      await command.add('sum', 'first', '--candidate');
      expect((await command.manifestOf('first')).versions?.[1]).toMatchObject({ candidate: true });
    });
  });

  it('takes features and outputs of a version that model.json has already', async () => {
    await command.add('sum', 'pair');
    const manifest = await command.manifestOf('pair');
    const versions = { ...manifest.versions, 2: { features: [{ name: 'left' }, { name: 'right' }] } };
    await store.write('pair/model.json', JSON.stringify({ ...manifest, versions }));
    await command.add('difference', 'pair', '--version', '2');
    expect((await command.manifestOf('pair')).versions?.[2]).toMatchObject({
      features: [{ name: 'left' }, { name: 'right' }],
      example: { input: { left: 1, right: 1 }, value: 0 },
    });
    await command.succeed('check', 'pair');
    // The newest version has other features than the model: the next one has those of the model.
    await expectRefusal(command, /pair\/3 does not take the same rows .* as pair\/2/, ...addition('sum', 'pair'));
  });
});
