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

describe('pages of models', () => {
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

  describe('content negotiation', () => {
    it.each(['/models', '/models/sum'])(
      'ignores what links of campaigns add to %s, on the page alone',
      async (path) => {
        for (const query of ['fbclid=IwAR0', 'utm_source=letter&utm_medium=email', 'gclid=1&x']) {
          expect((await open(`${path}?${query}`)).status).toBe(200);
          const { status, body } = await client.get(`${path}?${query}`);
          expect([status, body.errors[0].type, body.errors[0].location[0]]).toEqual([422, 'unknown', 'query']);
        }
        expect((await open(`${path}?x=%E0%A4%A`)).status).toBe(400);
        expect((await open('/models/none?fbclid=1')).status).toBe(404);
      },
    );

    it.each([
      ['*/*', 'application/json; charset=utf-8'],
      ['application/json', 'application/json; charset=utf-8'],
      ['application/json, text/html', 'application/json; charset=utf-8'],
      ['image/png', 'application/json; charset=utf-8'],
      ['text/html;q=0.5, application/json', 'application/json; charset=utf-8'],
      ['text/html', 'text/html; charset=utf-8'],
      [BROWSER_HEADERS.accept, 'text/html; charset=utf-8'],
    ])('responds to Accept: %s with %s', async (accept, type) => {
      for (const path of ['/models', '/models/iris']) {
        const { status, headers } = await client.get(path, { headers: { accept } });
        expect(status).toBe(200);
        expect(headers.get('content-type')).toBe(type);
        expect(headers.get('vary')).toContain('Accept');
        expect(headers.get('cache-control')).toBe('no-store');
      }
    });

    it('responds to an error in the preferred format', async () => {
      const page = await open('/models/rose');
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.text).toContain('There is no model &quot;rose&quot;');
      expect(await client.get('/models/rose')).toMatchObject({ status: 404, body: { code: 'model.not-found' } });
    });

    it('responds with JSON to a form without a preference for HTML, and to a JSON body', async () => {
      const response = await client.submit('/models/iris/predict', FLOWER);
      expect(response.body).toMatchObject({ predictions: [{ label: 'virginica' }] });
      const page = await client.post('/models/iris/predict', { petal_width: 1 }, { headers: BROWSER_HEADERS });
      expect(page).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    });
  });

  it('have no inline scripts or styles, and only links that work', async () => {
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

  describe('form for a row of features', () => {
    it('has a field for each feature, with its limits and the example as value', async () => {
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

    it('shows the prediction, ranked by probability, and keeps the submitted values', async () => {
      const { status, text, headers } = await send('iris', { ...FLOWER, petal_width: '1.75' });
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).toContain('<p class="verdict">virginica</p>');
      const shares = [...text.matchAll(/<meter [^>]*value="([\d.e-]+)"/g)].map(([, value]) => Number(value));
      expect(shares).toHaveLength(3);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      expect([...shares].sort((a, b) => b - a)).toEqual(shares);
      expect(text).toMatch(/id="value-4"[^>]*value="1\.75"/);
      expect(text).toContain('<title>Prediction: iris – Barista</title>');
    });

    it('shows errors in the summary and at their fields, with status 422', async () => {
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

    it('names an unknown field', async () => {
      const { status, text } = await send('iris', { ...FLOWER, scent: '1' });
      expect(status).toBe(422);
      expect(text).toContain('<li>scent is not a known field');
    });

    it('accepts an empty field for a feature with a default', async () => {
      expect((await open('/models/sum')).text).toContain('(optional)');
      const { status, text } = await send('sum', { a: '4', b: '' });
      expect(status).toBe(200);
      expect(text).toMatch(/<p class="verdict">[-\d.]+<\/p>/);
      expect((await send('sum', { a: '', b: '' })).status).toBe(422);
    });
  });

  describe('form for a row as JSON', () => {
    it('has the example as value', async () => {
      const { text } = await open('/models/tensors');
      expect(text).toMatch(/<textarea id="value-1" name="json"[^>]*>\{\s*&quot;x&quot;: \[[\d.,]+\]\s*\}<\/textarea>/);
    });

    it('shows the outputs by name', async () => {
      const { status, text } = await send('tensors', { json: '{"x":[1.5,2]}' });
      expect(status).toBe(200);
      expect(text).toMatch(/<dt>Sum<\/dt>\s*<dd>3\.5<\/dd>/);
    });

    it('accepts many instances at once', async () => {
      const { text } = await send('tensors', { json: '{"instances":[{"x":[1,2]},{"x":[3,4]}]}' });
      expect(text).toContain('Predictions for 2 rows');
      expect(text).toMatch(/<th scope="row">2<\/th>\s*<td>7<\/td>/);
    });

    it.each([
      ['{"x":', 422, 'The row is not well-formed JSON'],
      ['', 422, 'The row is not well-formed JSON'],
      ['[]', 422, 'the row must be an object with x'],
      ['{"x":[1]}', 422, 'x must be an array of 2 values'],
    ])('reports the error in %j', async (json, expected, message) => {
      const { status, text } = await send('tensors', { json });
      expect(status).toBe(expected);
      expect(text).toContain(`<a href="#value-1">${message}`);
    });
  });

  describe('form for the input of a pipeline', () => {
    it('has a field for each member of the input DTO, and shows the members of the response', async () => {
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

    it('shows the errors of the pipeline and of the DTO', async () => {
      const missing = await send('demand', { menuId: '987654321' }, member);
      expect(missing.status).toBe(404);
      expect(missing.text).toContain('987654321');
      const wrong = await send('demand', { menuId: '1.5', at: 'noon' }, member);
      expect(wrong.status).toBe(422);
      expect(wrong.text).toContain('<a href="#value-1">Menu id must be an integer');
      expect(wrong.text).toContain('<a href="#value-2">At (UTC) must be a date and time');
    });
  });

  describe('page of a restricted model', () => {
    it('names the audience, links to the login, and hides form and report', async () => {
      const { status, text } = await open('/models/club');
      expect(status).toBe(200);
      expect(text).toContain('This model is for members.');
      expect(text).toContain('href="/login?next=%2Fmodels%2Fclub"');
      expect(text).not.toContain('<form class="form ask"');
      expect(text).not.toContain('for members</pre>');
      expect((await open('/models/secret', member)).text).toContain('This model is for administrators.');
    });

    it('refuses a prediction with status 401 or 403', async () => {
      const nobody = await send('club', { a: '1', b: '2' });
      expect(nobody.status).toBe(401);
      expect(nobody.text).toContain('href="/login?next=%2Fmodels%2Fclub"');
      expect((await send('secret', { a: '1', b: '2' }, member)).status).toBe(403);
    });

    it('shows report and predictions to members and administrators with access', async () => {
      expect((await open('/models/club', member)).text).toContain('for members</pre>');
      expect((await send('club', { a: '1', b: '2' }, member)).text).toMatch(/<dd>3<\/dd>/);
      expect((await send('secret', { a: '1', b: '2' }, admin)).text).toMatch(/<dd>3<\/dd>/);
    });
  });

  it('show the reason why a model cannot be used', async () => {
    const { status, text } = await open('/models/liar');
    expect(status).toBe(200);
    expect(text).toContain(
      'This model cannot be used: liar/1/model.onnx: its output &quot;sum&quot; for its own example',
    );
    const response = await send('liar', { x: '1' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.text).toContain('is not ready');
  });

  it('escape all text of manifests, report files and requests', async () => {
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

  it('do not repeat input of more than 1 MiB', async () => {
    const { status, text } = await send('tensors', { json: '"'.repeat(3_000_000) });
    expect(status).toBe(422);
    expect(text.length).toBeLessThan(100_000);
    const unknown = Object.fromEntries(['a', 'b'].map((name) => [name.repeat(400_000), '1']));
    expect((await send('iris', { ...FLOWER, ...unknown })).text.length).toBeLessThan(100_000);
  });
});
