import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeUnless } from '../support/describe-unless.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT, run } from '../support/project.js';
import { pythonWith } from '../support/python.js';

const BLOCK = /^```(python|text)\n([\s\S]*?)^```/gm;
/** Printed between the outputs of two blocks. */
const SEPARATOR = '\x1e';

// These have pandas and requests too: another environment would take as long to install.
const python = await pythonWith(join(ROOT, 'test/open-inference/clients/requirements.txt'));

describeUnless(python.trouble)('docs/notebooks.md', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-notebooks-'));
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(folder, { recursive: true });
  });

  it('shows the real output of its code', async () => {
    const blocks = [...(await readFile(join(ROOT, 'docs/notebooks.md'), 'utf8')).matchAll(BLOCK)];
    const codes = blocks.filter(([, kind]) => kind === 'python').map(([, , code = '']) => code);
    const app = await ProcessApp.start();
    const client = app.client();
    await client.signUpAndLogIn();
    const { key } = (await client.post('/auth/api-keys', { name: 'notebook' })).body;
    const script = codes.map((code) => `${code}\nprint(${JSON.stringify(SEPARATOR)}, end="")\n`).join('');
    await writeFile(join(folder, 'page.py'), script.replaceAll('http://localhost:3000', app.url));
    const { code, stdout, stderr } = await run(python.program, ['page.py'], {
      cwd: folder,
      variables: { BARISTA_KEY: key as string },
    });
    expect([code, stderr]).toEqual([0, '']);
    const outputs = stdout.split(SEPARATOR).slice(0, -1);
    const shown = blocks.flatMap(([, kind, content], index) => {
      if (kind !== 'python') return [];
      const next = blocks[index + 1];
      return [next?.[1] === 'text' ? next[2] : ''].map((output) => ({ code: content, output }));
    });
    expect(codes.map((content, index) => ({ code: content, output: outputs[index] }))).toEqual(shown);
  });
});
