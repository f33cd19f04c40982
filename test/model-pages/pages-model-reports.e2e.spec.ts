import { execFileSync } from 'node:child_process';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../support/client.js';
import { BROWSER_HEADERS } from '../support/markup.js';
import { TestModelStore } from '../support/model-store.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('reports of models', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let member: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await cp(join(ROOT, 'models/iris/report'), join(store.path, 'iris/report'), { recursive: true });
    await store.add('sum', 'sum');
    await store.add('club', 'sum', { manifest: { access: 'member' } });
    await store.add('secret', 'sum', { manifest: { access: 'admin' } });
    await store.write('club/report/note.txt', 'for members');
    await store.write('secret/report/note.txt', 'for administrators');
    await store.add('windows', 'sum');
    await store.write('windows/report/captions.json', `\ufeff${JSON.stringify({ 'note.txt': 'A caption' })}`);
    await store.write('windows/report/note.txt', Buffer.from('\ufeffA note', 'utf16le'));
    await store.write('windows/report/table.json', `\ufeff${JSON.stringify({ rows: 12_345 })}`);
    app = await startTestApp({ MODELS_DIR: store.path });
    [client, member] = [app.client(), app.client()];
    await member.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  it('are shown on the page of the model: pictures with captions, texts and tables', async () => {
    const { text } = await client.get('/models/iris', { headers: BROWSER_HEADERS });
    expect(text).toMatch(
      /<img src="\/models\/iris\/report\/confusion-matrix\.png" alt="Confusion matrix" width="572" height="572"/,
    );
    expect(text).toContain('16 of 17 versicolor');
    expect(text).toMatch(/<pre[^>]*aria-label="Classification report">\s+precision/);
    expect(text).toMatch(/<th scope="row">Petal width<\/th>\s*<td class="number">0\.1<\/td>/);
    expect(text).not.toContain('captions.json');
  });

  it.each([
    ['confusion-matrix.png', 'image/png'],
    ['classification-report.txt', 'text/plain; charset=utf-8'],
    ['statistics.json', 'application/json; charset=utf-8'],
  ])('are served file by file: %s', async (file, type) => {
    const { status, headers } = await client.get(`/models/iris/report/${file}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
  });

  it('are read as editors of Windows save them, with a byte order mark', async () => {
    const { text } = await client.get('/models/windows', { headers: BROWSER_HEADERS });
    expect(text).toContain('A caption');
    expect(text).toMatch(/<pre[^>]*aria-label="Note">A note/);
    expect(text).toContain('12345');
  });

  it('are served only to clients that may predict with the model', async () => {
    expect((await client.get('/models/club/report/note.txt')).status).toBe(401);
    const { status, text, headers } = await member.get('/models/club/report/note.txt');
    expect([status, text, headers.get('cache-control')]).toEqual([200, 'for members', 'no-store']);
    expect((await member.get('/models/secret/report/note.txt')).status).toBe(403);
  });

  it('contain no other files: wrong names, links, pipes, and paths out of the folder are refused', async () => {
    const report = join(store.path, 'iris/report');
    await store.write('iris/report/page.html', '<b>no</b>');
    await store.write('iris/report/.hidden.txt', 'no');
    await store.write('iris/report/fake.png', '<b>no picture</b>');
    await store.write('iris/report/large.txt', Buffer.alloc(5 * 2 ** 20 + 1));
    await store.write('iris/report/folder.txt/inner.txt', 'no');
    await symlink(join(store.path, 'iris/model.json'), join(report, 'link.json'));
    await symlink('/etc/hostname', join(report, 'away.txt'));
    await symlink(report, join(store.path, 'sum/report'));
    execFileSync('mkfifo', [join(report, 'pipe.txt')]);
    const refused = [
      ...['page.html', '.hidden.txt', 'fake.png', 'large.txt', 'folder.txt', 'link.json', 'away.txt', 'pipe.txt'],
      ...['nothing.png', '..%2Fmodel.json', '%2e%2e%2fmodel.json', 'x%00.txt', '__proto__', 'constructor.json'],
      ...['folder.txt%2Finner.txt', `${'x'.repeat(1_000)}.txt`, '%F0%9F%98%80.png'],
    ];
    for (const file of refused) {
      const { status, body } = await client.get(`/models/iris/report/${file}`);
      expect([file, status, body.code]).toEqual([file, 404, 'model.report-not-found']);
    }
    expect((await client.get('/models/sum/report/statistics.json')).status).toBe(404);
    const { status, text } = await client.get('/models/iris', { headers: BROWSER_HEADERS });
    expect(status).toBe(200);
    for (const file of refused) expect(text).not.toContain(`report/${file}`);
  });
});
