import { Controller, Get } from '@nestjs/common';
import { DomainError } from '../../../src/platform/http/index.js';
import { BROWSER_HEADERS } from '../../support/markup.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const HTML = { headers: BROWSER_HEADERS };

class ClosedError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'cafe.closed';
  override readonly retryAfterSeconds = 7;

  constructor() {
    super('Closed until <seven>.');
  }
}

@Controller('account/cafe')
class CafeController {
  @Get('closed')
  closed(): never {
    throw new ClosedError();
  }

  @Get('on-fire')
  burn(): never {
    throw new Error('SELECT secrets FROM /etc/cafe');
  }
}

describe('error pages', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({}, [CafeController]);
  });

  afterAll(() => app.close());

  it.each([
    ['GET', '/nothing-here', 404, 'There is nothing here'],
    ['GET', '/account/nothing-here', 404, 'There is nothing here'],
    ['PUT', '/login', 405, 'That is not possible here'],
    ['GET', '/logout', 405, 'That is not possible here'],
  ])(
    'are sent to clients that prefer HTML, and problem documents to others: %s %s',
    async (method, path, status, title) => {
      const response = await app.client().request(method, path, HTML);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('vary')).toMatch(/\bAccept\b/);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.text).toContain(`<h1>${title}</h1>`);
      expect(response.text).toContain(response.headers.get('x-request-id'));
      expect(response.text).not.toMatch(/<script|<style|style=/);
      for (const accept of ['*/*', 'application/json', 'application/problem+json', 'text/html;q=0.1, */*']) {
        const plain = await app.client().request(method, path, { headers: { accept } });
        expect({ accept, status: plain.status, type: plain.headers.get('content-type') }).toEqual({
          accept,
          status,
          type: 'application/problem+json',
        });
      }
      expect((await app.client().request(method, path)).body).toMatchObject({ status });
    },
  );

  it('keep Retry-After, and hide the message of an unexpected error', async () => {
    const closed = await app.client().get('/account/cafe/closed', HTML);
    expect({ status: closed.status, retry: closed.headers.get('retry-after') }).toEqual({ status: 503, retry: '7' });
    expect(closed.text).toContain('<p>Closed until &lt;seven&gt;.</p>');
    const burning = await app.client().get('/account/cafe/on-fire', HTML);
    expect(burning.status).toBe(500);
    expect(burning.text).toContain('<h1>Something went wrong here</h1>');
    expect(burning.text).not.toMatch(/secrets|etc/);
  });

  it.each(['/menus/999999', '/auth/me', '/menus?limit=0'])('are not sent for a path of the API: %s', async (path) => {
    const response = await app.client().get(path, HTML);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('are not sent for a path of the Open Inference Protocol', async () => {
    const response = await app.client().get('/v2/models/nothing-here', HTML);
    expect(response).toMatchObject({ status: 404, body: { error: expect.stringContaining('nothing-here') } });
  });

  it('escape text of the request', async () => {
    const response = await app.client().get('/account', { headers: { ...HTML.headers, 'x-request-id': 'a.b-c' } });
    expect(response.status).toBe(303);
    const page = await app.client().get('/%3Cb%3E', { headers: { ...HTML.headers, 'x-request-id': 'a.b-c' } });
    expect(page.status).toBe(404);
    expect(page.text).toContain('<code>a.b-c</code>');
    expect(page.text).not.toContain('<b>');
  });

  it('are not sent to a client that does not prefer HTML, also on /account', async () => {
    const response = await app.client().get('/account');
    expect(response).toMatchObject({ status: 401, body: { code: 'auth.required' } });
  });
});
