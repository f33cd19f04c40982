import { Agent } from 'node:http';
import fc from 'fast-check';
import { type HostileAnswer, type HostileRequest, hostileRequests, sendHostile } from '../support/hostile.js';
import { OpenApiDocument, type Operation } from '../support/openapi-document.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { processes, residentKilobytes } from '../support/processes.js';
import { ATTACK_MS, countEach, report, scale } from '../support/reliability.js';

/** Of each operation, in each round. */
const REQUESTS = scale(15, 200);
const ABREAST = 4;
/** The first few thousand requests warm up. */
const WARM_UP_ROUNDS = 2;
/** Memory that is free again is not given back at once, but in some rounds: what has leaked is still there after each. */
const ROUNDS = 8;
const MAX_GROWTH = REQUESTS < 100 ? 1.3 : 1.1;
const SANE_ID = /^[\w.:-]{1,128}$/;

describe('hostile input', () => {
  let app: ProcessApp;
  let document: OpenApiDocument;
  let logins: Readonly<Record<string, string>>[];
  const agent = new Agent({ keepAlive: true, maxSockets: ABREAST });
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
    'is refused with a documented status, in the documented format, by the same process in the same memory',
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
      // Neither do all fail for the same reason, nor do all get through.
      expect([...new Set(statuses)]).toEqual(expect.arrayContaining([200, 201, 400, 401, 403, 404, 415, 422]));
    },
    ATTACK_MS,
  );

  /** Each operation as nobody, with a session and with a key. */
  async function attackAll(round: number): Promise<void> {
    const left = document.operations.flatMap((operation) => logins.map((login) => ({ operation, login })));
    const lane = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) {
        await attack(next.operation, next.login, 1_000 * round + left.length);
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, lane));
  }

  async function attack(operation: Operation, login: Readonly<Record<string, string>>, seed: number): Promise<void> {
    const { method, path } = operation;
    // It would end the session for all that follows.
    if (path === '/auth/logout' && 'cookie' in login) return;
    const property = fc.asyncProperty(hostileRequests(operation, document), async (request) => {
      const answer = await sendHostile(
        app.url,
        method,
        { ...request, headers: { ...login, ...request.headers } },
        agent,
      );
      statuses.push(answer.status);
      const wrong = deviationOf(operation, request, answer);
      if (wrong) throw new Error(`${method} ${path}: ${wrong}: ${answer.status} ${answer.text.slice(0, 500)}`);
    });
    await fc.assert(property, { numRuns: Math.ceil(REQUESTS / 3), seed, endOnFailure: false });
  }
});

/** What about an answer is not as it should be. */
function deviationOf(
  { path, responses }: Operation,
  request: HostileRequest,
  { status, headers, text }: HostileAnswer,
): string | undefined {
  if (status >= 500) return 'a server error';
  // Whatever there is, `*` says, the client has it (RFC 9110, 13.1.2): that is HTTP's own.
  const isHad = status === 304 && request.headers['if-none-match'] === '*';
  if (!isHad && !(status in responses)) return 'an undocumented status';
  if (!SANE_ID.test(String(headers['x-request-id']))) return 'an odd request id';
  if (status < 400) return undefined;
  // Where there is a page for browsers, its errors are for people too.
  const hasPage = 'text/html' in (responses[200]?.content ?? {});
  if (hasPage && request.headers.accept === 'text/html' && headers['content-type']?.startsWith('text/html')) {
    return undefined;
  }
  return path.startsWith('/v2') ? wrongInProtocolError(headers, text) : wrongInProblem(status, headers, text);
}

function wrongInProtocolError(headers: HostileAnswer['headers'], text: string): string | undefined {
  if (headers['content-type'] !== 'application/json') return 'an error of another type';
  const body = JSON.parse(text) as Record<string, unknown>;
  return typeof body.error === 'string' && Object.keys(body).length === 1 ? undefined : 'an error of another shape';
}

function wrongInProblem(status: number, headers: HostileAnswer['headers'], text: string): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return 'an error of another type';
  const problem = JSON.parse(text) as Record<string, unknown>;
  const texts = [problem.type, problem.title, problem.code, problem.detail];
  const isProblem = texts.every((value) => typeof value === 'string') && problem.status === status;
  if (!isProblem || problem.requestId !== headers['x-request-id']) return 'an error of another shape';
  return status === 422 && !Array.isArray(problem.errors) ? 'no field is named' : undefined;
}
