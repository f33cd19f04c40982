import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientResponse, Client } from '../support/client.js';
import { BROWSER_HEADERS } from '../support/markup.js';
import { addMenu, promote } from '../support/menus.js';
import { TestModelStore } from '../support/model-store.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FLOWER = { sepal_length: '5.9', sepal_width: '3', petal_length: '5.1', petal_width: '1.8' };
const HOSTILE = `"><script>alert(1)</script>'&`;
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;';

describe('the pages of models', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let member: Client;
  let admin: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await cp(join(ROOT, 'models/demand'), join(store.path, 'demand'), { recursive: true });
    await store.addTwoVersions('sum');
    await store.add('tensors', 'sum');
    await store.add('club', 'sum', { manifest: { access: 'member', features: [{ name: 'a' }, { name: 'b' }] } });
    await store.add('secret', 'sum', { manifest: { access: 'admin', features: [{ name: 'a' }, { name: 'b' }] } });
    const features = [{ name: HOSTILE, unit: HOSTILE, description: HOSTILE }, { name: 'b' }];
    await store.add('sly', 'sum', {
      manifest: { description: HOSTILE, features, versions: { 1: { trainedAt: HOSTILE } } },
    });
    await store.write('sly/report/captions.json', JSON.stringify({ 'note.txt': HOSTILE }));
    await store.write('sly/report/note.txt', HOSTILE);
    await store.write('sly/report/table.json', JSON.stringify({ [HOSTILE]: HOSTILE }));
    await store.write('club/report/note.txt', 'for members');
    await store.add('liar', 'sum', { manifest: { example: { input: { x: [1, 2] }, output: { sum: 4 } } } });
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    [member, admin] = [app.client(), app.client()];
    await member.signUpAndLogIn();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const open = (path: string, as = client): Promise<ClientResponse> => as.get(path, { headers: BROWSER_HEADERS });
  const send = (model: string, fields: Record<string, string>, as = client): Promise<ClientResponse> =>
    as.submit(`/models/${model}/predict`, fields, { headers: BROWSER_HEADERS });

  describe('are for whom prefers them', () => {
    it.each([
      ['*/*', 'application/json; charset=utf-8'],
      ['application/json', 'application/json; charset=utf-8'],
      ['application/json, text/html', 'application/json; charset=utf-8'],
      ['image/png', 'application/json; charset=utf-8'],
      ['text/html;q=0.5, application/json', 'application/json; charset=utf-8'],
      ['text/html', 'text/html; charset=utf-8'],
      [BROWSER_HEADERS.accept, 'text/html; charset=utf-8'],
    ])('%s', async (accept, type) => {
      for (const path of ['/models', '/models/iris']) {
        const { status, headers } = await client.get(path, { headers: { accept } });
        expect(status).toBe(200);
        expect(headers.get('content-type')).toBe(type);
        expect(headers.get('vary')).toContain('Accept');
        expect(headers.get('cache-control')).toBe('no-store');
      }
    });

    it('and errors are, too', async () => {
      const page = await open('/models/rose');
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.text).toContain('There is no model &quot;rose&quot;');
      expect(await client.get('/models/rose')).toMatchObject({ status: 404, body: { code: 'model.not-found' } });
    });

    it('but a program that sends a form gets JSON', async () => {
      const answer = await client.submit('/models/iris/predict', FLOWER);
      expect(answer.body).toMatchObject({ predictions: [{ label: 'virginica' }] });
      const page = await client.post('/models/iris/predict', { petal_width: 1 }, { headers: BROWSER_HEADERS });
      expect(page).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    });
  });

  it('have nothing inline, and what they refer to is there', async () => {
    for (const path of ['/models', '/models/iris', '/models/tensors', '/models/rose']) {
      const { text } = await open(path);
      expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/i);
      const addresses = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, address]) => address!);
      expect(addresses.length).toBeGreaterThan(4);
      for (const address of new Set(addresses))
        expect([address, (await client.get(address)).status]).toEqual([address, 200]);
    }
  });

  it('list every model with its state', async () => {
    const { text } = await open('/models');
    expect(text).toContain('<a href="/models/iris">iris</a>');
    expect(text).toContain('Species of an iris flower from four measurements');
    expect(text).toContain('<span class="state-failed">failed</span>');
    expect((await open('/')).text).toContain('href="/models"');
  });

  describe('have a form made of the manifest', () => {
    it('with a field for each feature, its limits, and the example filled in', async () => {
      const { text } = await open('/models/iris');
      expect(text).toContain('<label for="value-4">Petal width</label>');
      const [input = ''] = /<input id="value-4"[^>]*>/.exec(text) ?? [];
      for (const part of [
        'name="petal_width"',
        'type="number"',
        'value="1.8"',
        'step="any"',
        'min="0"',
        'max="100"',
        'required',
      ]) {
        expect(input).toContain(part);
      }
      expect(input).toContain('aria-describedby="value-4-hint value-4-unit"');
      expect(text).toContain('Width of the petal; 0 to 100');
      expect(text).toContain('<span class="unit" id="value-4-unit">cm</span>');
    });

    it('whose answer stands below it, and what was filled in stays', async () => {
      const { status, text, headers } = await send('iris', { ...FLOWER, petal_width: '1.75' });
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).toContain('<p class="verdict">virginica</p>');
      const shares = [...text.matchAll(/<meter [^>]*value="([\d.e-]+)"/g)].map(([, value]) => Number(value));
      expect(shares).toHaveLength(3);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      expect([...shares].sort((a, b) => b - a)).toEqual(shares);
      expect(text).toMatch(/id="value-4"[^>]*value="1\.75"/);
      expect(text).toContain('<title>ClientResponse: iris – Barista</title>');
    });

    it('whose errors stand at their fields, with the status that they have', async () => {
      const { status, text } = await send('iris', { ...FLOWER, petal_width: 'wide', sepal_width: '' });
      expect(status).toBe(422);
      expect(text).toContain('<title>Error: iris – Barista</title>');
      expect(text).toContain('<a href="#value-4">Petal width must be a finite number');
      expect(text).toContain('<a href="#value-2">Sepal width is required');
      expect(text).toMatch(/id="value-4"[^>]*value="wide"[^>]*aria-invalid="true"/);
      expect(text).toMatch(/<p class="error" id="value-4-error">Petal width must be/);
      expect(text).toMatch(/id="value-1"(?![^>]*aria-invalid)[^>]*value="5\.9"/);
      expect(text).not.toContain('class="verdict"');
    });

    it('that names a field which no one knows', async () => {
      const { status, text } = await send('iris', { ...FLOWER, scent: '1' });
      expect(status).toBe(422);
      expect(text).toContain('<li>scent is not a known field');
    });

    it('in which what has a default may be left empty', async () => {
      expect((await open('/models/sum')).text).toContain('(optional)');
      const { status, text } = await send('sum', { a: '4', b: '' });
      expect(status).toBe(200);
      expect(text).toMatch(/<p class="verdict">[-\d.]+<\/p>/);
      expect((await send('sum', { a: '', b: '' })).status).toBe(422);
    });
  });

  describe('take a row as JSON where it is no list of plain values', () => {
    it('with the example filled in', async () => {
      const { text } = await open('/models/tensors');
      expect(text).toMatch(/<textarea id="value-1" name="json"[^>]*>\{\s*&quot;x&quot;: \[[\d.,]+\]\s*\}<\/textarea>/);
    });

    it('and answer it', async () => {
      const { status, text } = await send('tensors', { json: '{"x":[1.5,2]}' });
      expect(status).toBe(200);
      expect(text).toMatch(/<dt>Sum<\/dt>\s*<dd>3\.5<\/dd>/);
    });

    it('many at once, too', async () => {
      const { text } = await send('tensors', { json: '{"instances":[{"x":[1,2]},{"x":[3,4]}]}' });
      expect(text).toContain('Answers to 2 rows');
      expect(text).toMatch(/<th scope="row">2<\/th>\s*<td>7<\/td>/);
    });

    it.each([
      ['{"x":', 422, 'The row is not well-formed JSON'],
      ['', 422, 'The row is not well-formed JSON'],
      ['[]', 422, 'the row must be an object with x'],
      ['{"x":[1]}', 422, 'x must be an array of 2 values'],
    ])('or say what is wrong with %s', async (json, expected, message) => {
      const { status, text } = await send('tensors', { json });
      expect(status).toBe(expected);
      expect(text).toContain(`<a href="#value-1">${message}`);
    });
  });

  describe('of a model with inputs of its own', () => {
    it('ask for those, and show what it answers by name', async () => {
      const { id } = await addMenu(member, { name: 'Flat white' });
      const page = await open('/models/demand', member);
      expect(page.text).toContain('<label for="value-1">Menu id</label>');
      expect(page.text).toMatch(/<input id="value-2" name="at" type="datetime-local" value=""/);
      const { status, text } = await send('demand', { menuId: String(id), at: '2024-05-13T08:00' }, member);
      expect(status).toBe(200);
      expect(text).toMatch(/<dt>Hour<\/dt>\s*<dd>2024-05-13T08:00:00\.000Z<\/dd>/);
      expect(text).toMatch(/<dt>Prepare<\/dt>\s*<dd>\d+<\/dd>/);
      expect((await send('demand', { menuId: String(id), at: '' }, member)).status).toBe(200);
    });

    it('say what is wrong with them, in the words of whoever found it', async () => {
      const missing = await send('demand', { menuId: '987654321' }, member);
      expect(missing.status).toBe(404);
      expect(missing.text).toContain('987654321');
      const wrong = await send('demand', { menuId: '1.5', at: 'noon' }, member);
      expect(wrong.status).toBe(422);
      expect(wrong.text).toContain('<a href="#value-1">Menu id must be an integer');
      expect(wrong.text).toContain('<a href="#value-2">At (UTC) must be a date and time');
    });
  });

  describe('of models that are not for everybody', () => {
    it('say so, and lead to the login', async () => {
      const { status, text } = await open('/models/club');
      expect(status).toBe(200);
      expect(text).toContain('This model is for members.');
      expect(text).toContain('href="/login?next=%2Fmodels%2Fclub"');
      expect(text).not.toContain('<form class="form ask"');
      expect(text).not.toContain('for members</pre>');
      expect((await open('/models/secret', member)).text).toContain('This model is for administrators.');
    });

    it('refuse who may not ask, on the page', async () => {
      const nobody = await send('club', { a: '1', b: '2' });
      expect(nobody.status).toBe(401);
      expect(nobody.text).toContain('href="/login?next=%2Fmodels%2Fclub"');
      expect((await send('secret', { a: '1', b: '2' }, member)).status).toBe(403);
    });

    it('work for who may', async () => {
      expect((await open('/models/club', member)).text).toContain('for members</pre>');
      expect((await send('club', { a: '1', b: '2' }, member)).text).toMatch(/<dd>3<\/dd>/);
      expect((await send('secret', { a: '1', b: '2' }, admin)).text).toMatch(/<dd>3<\/dd>/);
    });
  });

  it('say why a model cannot be asked', async () => {
    const { status, text } = await open('/models/liar');
    expect(status).toBe(200);
    expect(text).toContain(
      'This model cannot be asked: liar/1/model.onnx: its output &quot;sum&quot; for its own example',
    );
    const answer = await send('liar', { x: '1' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.text).toContain('is not ready');
  });

  it('escape whatever a manifest, a file or a visitor says', async () => {
    const pages = [
      await open('/models'),
      await open('/models/sly'),
      await send('sly', { [HOSTILE]: HOSTILE, b: HOSTILE }),
      await send('sly', { [`x${HOSTILE}`]: HOSTILE }),
      await send('tensors', { json: `</textarea>${HOSTILE}` }),
      await open(`/models/${encodeURIComponent(HOSTILE)}`),
    ];
    for (const { text } of pages) {
      expect(text).toContain(ESCAPED);
      expect(text).not.toContain('<script>');
      expect(text).not.toContain('</textarea>&quot;');
    }
  });

  it('do not say again all of what is too much', async () => {
    const { status, text } = await send('tensors', { json: '"'.repeat(3_000_000) });
    expect(status).toBe(422);
    expect(text.length).toBeLessThan(100_000);
    const unknown = Object.fromEntries(['a', 'b'].map((name) => [name.repeat(400_000), '1']));
    expect((await send('iris', { ...FLOWER, ...unknown })).text.length).toBeLessThan(100_000);
  });
});
