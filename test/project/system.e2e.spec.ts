import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { ProcessApp } from '../support/process-app.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('system endpoints and errors', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  it('GET /health/live responds with 200', async () => {
    const { status, body } = await app.client().get('/health/live');
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'ok' });
  });

  it('GET /health/ready lists the state of each component', async () => {
    const { status, body } = await app.client().get('/health/ready');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ok', details: { database: 'up' } });
  });

  it('responds to an unknown path with a problem', async () => {
    const { status, headers, body } = await app.client().get('/nothing-here');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ status: 404, code: 'route.not-found', requestId: headers.get('x-request-id') });
  });

  it('responds to an unsupported method with 405 and the allowed methods', async () => {
    const { status, headers } = await app.client().post('/health/live', {});
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('rejects an unknown query parameter', async () => {
    const { status, body } = await app.client().get('/health/live?verbose=1');
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ location: ['query', 'verbose'], type: 'unknown', message: expect.any(String) }]);
  });

  it.each(['toString', 'hasOwnProperty', 'constructor', '__proto__'])('rejects the unknown field %s', async (name) => {
    const raw = `{"email":"toto@cafe.example","password":"a flat white, please","${name}":1}`;
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await app.client().request('POST', '/auth/signup', { raw, headers });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ location: ['body', name], type: 'unknown' }]);
    expect((await app.client().get(`/menus?${name}=1`)).body.errors).toMatchObject([{ location: ['query', name] }]);
  });

  it('responds to malformed HTTP with a problem, and closes the connection', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: a\r\nno header\r\n\r\n');
    const response = (await text(socket)).split('\r\n\r\n');
    expect(response[0]).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(response[0]).toMatch(/X-Request-Id: [\w-]{36}/);
    expect(JSON.parse(response[1] ?? '')).toMatchObject({ status: 400, code: 'request.malformed' });
  });

  it('names the setting of a port that is in use', async () => {
    const variables = { PORT: new URL(app.url).port };
    const { code, stderr } = await (await ProcessApp.spawn(variables)).ended;
    expect(code).toBe(1);
    expect(stderr).toBe(`Barista cannot start. PORT: ${variables.PORT} is in use on 127.0.0.1; choose another, or 0\n`);
  });
});
