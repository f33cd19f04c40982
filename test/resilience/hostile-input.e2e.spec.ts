import { Agent } from 'node:http';
import fc from 'fast-check';
import { type HostileResponse, type HostileRequest, hostileRequests, sendHostile } from '../support/hostile.js';
import { OpenApiDocument, type Operation } from '../support/openapi-document.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { processes, residentKilobytes } from '../support/processes.js';
import { ATTACK_MS, countEach, report, scale } from '../support/reliability.js';

/** Requests per operation and round. */
const REQUESTS = scale(15, 200);
const CONCURRENCY = 4;
const WARM_UP_ROUNDS = 2;
/** Freed memory may return only after some rounds. Leaked memory is still there after all of them. */
const ROUNDS = 8;
const MAX_GROWTH = REQUESTS < 100 ? 1.3 : 1.1;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

describe('hostile input', () => {
  let app: ProcessApp;
  let document: OpenApiDocument;
  let logins: Readonly<Record<string, string>>[];
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const statuses: number[] = [];

  beforeAll(async () => {
    app = await ProcessApp.start({ TRUST_PROXY: '1', METRICS_TOKEN: 'a token that nobody guesses' });
    document = await OpenApiDocument.of(app.client());
    const member = app.client();
    await member.signUpAndLogIn();
    const { key } = (await member.post('/auth/api-keys', { name: 'hostile' })).body;
    await member.post('/menus', { name: 'To be attacked', price: 1 });
    const cookie = `barista.sid=${member.cookies.get('barista.sid')}`;
    logins = [{}, { cookie }, { authorization: `Bearer ${key}` }];
  });

  afterAll(async () => {
    agent.destroy();
    await killLeftovers();
  });

  it(
    'gets a documented status in the documented format, without a restart or a memory leak',
    async () => {
      for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await attackAll(round);
      const pids = await processes(app);
      const before = await residentKilobytes(app.pid);
      const growth: number[] = [];
      while (growth.length < ROUNDS && growth.every((factor) => factor > MAX_GROWTH)) {
        await attackAll(WARM_UP_ROUNDS + growth.length);
        growth.push((await residentKilobytes(app.pid)) / before);
      }
      report('hostile input', { requests: statuses.length, ...countEach(statuses) });
      expect(Math.min(...growth)).toBeLessThanOrEqual(MAX_GROWTH);
      expect(await processes(app)).toEqual(pids);
      expect(app.lines.filter(({ level }) => level === 'error')).toEqual([]);
      // The requests fail for many reasons, and some succeed.
      expect([...new Set(statuses)]).toEqual(expect.arrayContaining([200, 201, 400, 401, 403, 404, 415, 422]));
    },
    ATTACK_MS,
  );

  /** Attacks each operation without login, with a session and with an API key. */
  async function attackAll(round: number): Promise<void> {
    const left = document.operations.flatMap((operation) => logins.map((login) => ({ operation, login })));
    const worker = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) {
        await attack(next.operation, next.login, 1_000 * round + left.length);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  async function attack(operation: Operation, login: Readonly<Record<string, string>>, seed: number): Promise<void> {
    const { method, path } = operation;
    // A logout would end the session of the other requests.
    if (path === '/auth/logout' && 'cookie' in login) return;
    const property = fc.asyncProperty(hostileRequests(operation, document), async (request) => {
      const response = await sendHostile(
        app.url,
        method,
        { ...request, headers: { ...login, ...request.headers } },
        agent,
      );
      statuses.push(response.status);
      const deviation = findDeviation(operation, request, response);
      if (deviation)
        throw new Error(`${method} ${path}: ${deviation}: ${response.status} ${response.text.slice(0, 500)}`);
    });
    await fc.assert(property, { numRuns: Math.ceil(REQUESTS / 3), seed, endOnFailure: false });
  }
});

/** @returns the deviation of a response from the documentation; undefined if there is none */
function findDeviation(
  { path, responses }: Operation,
  request: HostileRequest,
  { status, headers, text }: HostileResponse,
): string | undefined {
  if (status >= 500) return 'a server error';
  // `If-None-Match: *` matches any representation (RFC 9110, 13.1.2).
  const isNotModified = status === 304 && request.headers['if-none-match'] === '*';
  if (!isNotModified && !(status in responses)) return 'an undocumented status';
  if (!REQUEST_ID.test(String(headers['x-request-id']))) return 'an odd request id';
  if (status < 400) return undefined;
  // A path with a page for browsers also has error pages.
  const hasPage = 'text/html' in (responses[200]?.content ?? {});
  if (hasPage && request.headers.accept === 'text/html' && headers['content-type']?.startsWith('text/html')) {
    return undefined;
  }
  return path.startsWith('/v2') ? protocolErrorDeviation(headers, text) : problemDeviation(status, headers, text);
}

function protocolErrorDeviation(headers: HostileResponse['headers'], text: string): string | undefined {
  if (headers['content-type'] !== 'application/json') return 'an error of another type';
  const body = JSON.parse(text) as Record<string, unknown>;
  return typeof body.error === 'string' && Object.keys(body).length === 1 ? undefined : 'an error of another shape';
}

function problemDeviation(status: number, headers: HostileResponse['headers'], text: string): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return 'an error of another type';
  const problem = JSON.parse(text) as Record<string, unknown>;
  const texts = [problem.type, problem.title, problem.code, problem.detail];
  const isProblem = texts.every((value) => typeof value === 'string') && problem.status === status;
  if (!isProblem || problem.requestId !== headers['x-request-id']) return 'an error of another shape';
  return status === 422 && !Array.isArray(problem.errors) ? 'no field is named' : undefined;
}
