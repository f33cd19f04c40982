import { startTestApp, type TestApp } from './support/test-app.js';

describe('system', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  it('is live', async () => {
    const { status, body } = await app.client().get('/health/live');
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'ok' });
  });

  it('is ready, part by part', async () => {
    const { status, body } = await app.client().get('/health/ready');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ok', details: { database: 'up' } });
  });

  it('answers an unknown address with a problem', async () => {
    const { status, headers, body } = await app.client().get('/nothing-here');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ status: 404, code: 'route.not-found', requestId: headers.get('x-request-id') });
  });

  it('answers a wrong method with 405 and the right ones', async () => {
    const { status, headers } = await app.client().post('/health/live', {});
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('refuses a query parameter that it does not know', async () => {
    const { status, body } = await app.client().get('/health/live?verbose=1');
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ location: ['query', 'verbose'], type: 'unknown', message: expect.any(String) }]);
  });
});
