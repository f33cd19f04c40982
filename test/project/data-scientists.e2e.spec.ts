import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeUnless } from '../support/describe-unless.js';
import { patternOf, stepsOf } from '../support/documents.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT, run } from '../support/project.js';
import { pythonWith } from '../support/python.js';

/** Commands below write into the sources, or need an environment of their own; test/cli has them. */
const END = '### Types for product code';

// The environment of the other Python tests, which has scikit-learn too: another one would take as long to install.
const python = await pythonWith(join(ROOT, 'test/open-inference/clients/requirements.txt'));

describeUnless(python.trouble)('docs/data-scientists.md', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-scientists-'));
    await cp(join(ROOT, 'models'), join(folder, 'models'), { recursive: true });
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(folder, { recursive: true });
  });

  it('leads from fit to an answer, with the output that it shows', async () => {
    const text = await readFile(join(ROOT, 'docs/data-scientists.md'), 'utf8');
    const [, script = ''] = /^```python\n([\s\S]*?)^```/m.exec(text) ?? [];
    await writeFile(join(folder, 'train.py'), script);
    expect(await run(python.program, ['train.py'], { cwd: folder })).toMatchObject({ code: 0 });
    const app = await ProcessApp.start({ MODELS_DIR: join(folder, 'models') });
    const { host, port } = new URL(app.url);
    const steps = stepsOf(text.slice(0, text.indexOf(END)));
    expect(steps.length).toBeGreaterThan(5);
    for (const { command, output } of steps) {
      const here = command
        .replaceAll('localhost:3000', host)
        .replaceAll('npm run model --', `${process.execPath} ${ROOT}dist/src/cli/model.command.js`);
      const shown = output.replaceAll('localhost:3000', `localhost:${port}`);
      const variables = { MODELS_DIR: 'models', PORT: port };
      if (command.startsWith('curl')) await app.line('model churn is ready');
      const { stdout, stderr } = await run('sh', ['-c', here], { cwd: folder, variables });
      expect({ command, output: stdout + stderr }).toEqual({
        command,
        output: expect.stringMatching(patternOf(shown)),
      });
    }
  });
});
