import { request } from 'node:http';
import { ReadinessRegistry } from '../../src/platform/health/index.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('GET /', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ DOCS: 'false' });
  });

  afterAll(() => app.close());

  it('links to the API docs only if they are served', async () => {
    const { status, headers, text } = await app.client().get('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain('href="/health/ready"');
    expect(text).not.toMatch(/\/docs|\/openapi\.json/);
    expect((await app.client().get('/docs')).status).toBe(404);
  });

  it('ignores query parameters', async () => {
    expect((await app.client().get('/?utm_source=poster')).status).toBe(200);
  });

  it('has no inline scripts or styles, and links only to assets that exist', async () => {
    const { text } = await app.client().get('/');
    expect(text).not.toMatch(/<script|<style|style=/i);
    const assets = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(assets.length).toBeGreaterThan(2);
    for (const asset of assets) expect((await app.client().get(asset)).status).toBe(200);
  });

  it('shows commands for the requested host, and rejects a malformed host', async () => {
    expect(await fetchPageFor('cafe.example:8080', app.url)).toContain('curl -X POST cafe.example:8080/predict');
    for (const hostile of ['<b>cafe</b>', '$(reboot)', "cafe';reboot"]) {
      const page = await fetchPageFor(hostile, app.url);
      expect(page).toContain('request.malformed');
      expect(page).not.toContain(hostile);
    }
  });

  it('shows the default host if a proxy forwards a malformed one', async () => {
    const proxied = await startTestApp({ TRUST_PROXY: '1' });
    const { text } = await proxied.client().get('/', { headers: { 'x-forwarded-host': '$(reboot)' } });
    expect(text).toContain('curl -X POST localhost:3000/predict');
    expect(text).not.toContain('$(reboot)');
    await proxied.close();
  });

  it('names the parts that are not ready, HTML-escaped', async () => {
    app.app.get(ReadinessRegistry).add('grinders', () => ({ ok: false, detail: { '<i>left</i>': 'failed: "&"' } }));
    const { text } = await app.client().get('/');
    expect(text).toContain('Not ready yet');
    expect(text).toContain('&lt;i&gt;left&lt;/i&gt;');
    expect(text).toContain('failed: &quot;&amp;&quot;');
    expect(text).not.toContain('<i>left');
  });
});

/** `fetch` cannot set the Host header. */
function fetchPageFor(host: string, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.setEncoding('utf8');
      let page = '';
      response.on('data', (part: string) => (page += part));
      response.on('end', () => resolve(page));
    });
    sent.on('error', reject);
    sent.end();
  });
}
