import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patternOf, stepsOf } from '../support/documents.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT, run } from '../support/project.js';

const DOCUMENTS = ['README.md', 'docs/operators.md'];

describe('the documents', () => {
  let app: ProcessApp;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-readme-'));
    app = await ProcessApp.start();
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(DOCUMENTS)('show the real output of every command in %s', async (document) => {
    const steps = stepsOf(await readFile(join(ROOT, document), 'utf8'));
    expect(steps.length).toBeGreaterThan(0);
    for (const { command, output } of steps) {
      const here = command.replaceAll('localhost:3000', new URL(app.url).host).replaceAll('dist/', `${ROOT}dist/`);
      const { stdout, stderr } = await run('sh', ['-c', here], { cwd: folder });
      expect({ command, output: stdout + stderr }).toEqual({
        command,
        output: expect.stringMatching(patternOf(output)),
      });
    }
  });

  it('have no dead link', async () => {
    const guides = (await readdir(join(ROOT, 'docs')))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`);
    const dead: string[] = [];
    for (const document of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...guides]) {
      const text = await readFile(join(ROOT, document), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)) {
        const path = join(ROOT, document, '..', target);
        const isThere = await readFile(path).then(
          () => true,
          (error: NodeJS.ErrnoException) => error.code === 'EISDIR',
        );
        if (!isThere) dead.push(`${document}: ${target}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it('name only existing source files in docs/architecture.md', async () => {
    const text = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8');
    const files = [...text.matchAll(/`([\w./-]+\/[\w.-]+\.(?:ts|mjs))`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(10);
    const exists = (file: string): boolean => [file, `src/${file}`].some((path) => existsSync(join(ROOT, path)));
    expect(files.filter((file) => !exists(file))).toEqual([]);
  });
});
