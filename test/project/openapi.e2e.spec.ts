import { Validator } from '@seriousme/openapi-schema-validator';
import type { ClientResponse, Client } from '../support/client.js';
import { OpenApiDocument, type Operation } from '../support/openapi-document.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const LIMITS = { BODY_LIMIT_MB: '1', PREDICT_LIMIT_MB: '1', UPLOAD_LIMIT_MB: '1' };
const TOO_LARGE = JSON.stringify('x'.repeat(1_100_000));

/** Operations that a new member may call with their examples, in an order that creates the data that each needs. */
const EXAMPLES: readonly (readonly [method: string, path: string, status: number])[] = [
  ['POST', '/auth/signup', 201],
  ['POST', '/auth/login', 200],
  ['GET', '/auth/me', 200],
  ['GET', '/auth/sessions', 200],
  ['POST', '/auth/password', 204],
  ['POST', '/auth/api-keys', 201],
  ['GET', '/auth/api-keys', 200],
  ['POST', '/menus', 201],
  ['POST', '/menus/{id}/sales', 201],
  ['POST', '/menus/import', 202],
  ['GET', '/menus', 200],
  ['GET', '/menus/{id}', 200],
  ['PUT', '/menus/{id}', 200],
  ['PATCH', '/menus/{id}', 200],
  ['GET', '/jobs', 200],
  ['POST', '/predict', 200],
  ['PUT', '/predict', 200],
  ['GET', '/models', 200],
  ['GET', '/models/{name}', 200],
  ['POST', '/models/{name}/predict', 200],
  ['POST', '/models/iris/predict', 200],
  ['POST', '/models/demand/predict', 200],
  ['POST', '/models/digits/predict', 200],
  ['POST', '/models/{name}/versions/{version}/predict', 200],
  ['POST', '/models/{name}/jobs', 202],
  ['POST', '/models/{name}/versions/{version}/jobs', 202],
  ['GET', '/v2', 200],
  ['GET', '/v2/health/live', 200],
  ['GET', '/v2/health/ready', 200],
  ['GET', '/v2/models', 200],
  ['GET', '/v2/models/stats', 200],
  ...['/v2/models/{name}', '/v2/models/{name}/versions/{version}'].flatMap((path) => [
    ['GET', path, 200] as const,
    ['GET', `${path}/ready`, 200] as const,
    ['GET', `${path}/config`, 200] as const,
    ['GET', `${path}/stats`, 200] as const,
    ['POST', `${path}/infer`, 200] as const,
  ]),
  ['GET', '/health/live', 200],
  ['GET', '/health/ready', 200],
  ['GET', '/metrics', 200],
  ['DELETE', '/menus/{id}', 204],
  ['DELETE', '/auth/me', 204],
  ['POST', '/auth/logout', 204],
];

/** Operations of administrators, which a new member may not call. */
const ADMIN_OPERATIONS = [
  'PUT /models/{name}/default',
  'POST /v2/repository/index',
  'POST /v2/repository/models/{name}/load',
  'POST /v2/repository/models/{name}/unload',
];

describe('the OpenAPI document', () => {
  let app: TestApp;
  let document: OpenApiDocument;

  beforeAll(async () => {
    app = await startTestApp(LIMITS);
    document = await OpenApiDocument.of(app.client());
  });

  afterAll(() => app.close());

  it('is a valid OpenAPI document', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone({ ...document.content }));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('documents summary, parameters, body and responses of every operation', () => {
    const tags = document.content.tags.map(({ name }) => name);
    const gaps = document.operations.flatMap((operation) =>
      findGaps(operation, document, tags).map((gap) => `${operation.method} ${operation.path}: ${gap}`),
    );
    expect(gaps).toEqual([]);
  });

  it('gives every operation a unique operationId', () => {
    const ids = document.operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has examples that succeed unchanged, with responses as documented', async () => {
    const client = app.client();
    for (const [method, path, status] of EXAMPLES) {
      const operation = document.find(method, path);
      const response = await client.request(method, document.address(operation), {
        json: document.bodyExample(operation),
      });
      const asDocumented = {
        status: response.status,
        deviations: document.deviations(operation, status, response.body),
      };
      expect({ method, path, ...asDocumented }).toEqual({ method, path, status, deviations: [] });
    }
  });

  it('has no operation with a body whose example is untested', () => {
    const tried = new Set([...EXAMPLES.map(([method, path]) => `${method} ${path}`), ...ADMIN_OPERATIONS]);
    const withBody = document.operations.filter(({ requestBody }) => requestBody);
    const untried = withBody.map(({ method, path }) => `${method} ${path}`).filter((name) => !tried.has(name));
    expect(untried).toEqual([]);
  });

  it('documents every status that bad requests get', async () => {
    const undocumented = new Set<string>();
    for (const operation of document.operations) {
      for (const { what, response } of await probe(operation, document, app)) {
        const documented = operation.responses[response.status];
        if (!documented)
          undocumented.add(`${operation.method} ${operation.path} ${what}: ${response.status} ${response.text}`);
      }
    }
    expect([...undocumented]).toEqual([]);
  }, 120_000);
});

/** @returns the parts of its documentation that an operation lacks */
function findGaps(operation: Operation, document: OpenApiDocument, tags: readonly string[]): string[] {
  const { summary, operationId, parameters = [], requestBody, responses, security } = operation;
  const statuses = Object.keys(responses);
  const successes = statuses.filter((status) => status.startsWith('2'));
  const parts: Record<string, boolean> = {
    'a summary': Boolean(summary),
    'an operationId': Boolean(operationId),
    'a tag that the document describes': operation.tags?.length === 1 && tags.includes(operation.tags[0] ?? ''),
    'a success': successes.length > 0,
    'a schema of each success, or that it is empty': successes.every(
      (status) => status === '204' || hasSchema(operation, status),
    ),
    'a description of each response': Object.values(responses).every(({ description }) => description !== ''),
    'an example of each problem': statuses.every(
      (status) => isNoProblem(status) || hasProblemExample(operation, status),
    ),
    'a description of each parameter': parameters.every(({ description }) => Boolean(description)),
    'every path parameter': [...operation.path.matchAll(/\{(\w+)\}/g)].every(([, name]) =>
      parameters.some((parameter) => parameter.in === 'path' && parameter.name === name),
    ),
    '401, as it needs a login': !security?.some((scheme) => 'session' in scheme) || statuses.includes('401'),
    'a body, as it refuses some': Boolean(requestBody) || !statuses.includes('415'),
    'an example of the body': !requestBody || document.bodyExample(operation) !== undefined,
    '400, 413, 415 and 422, as it takes a body':
      !requestBody || refusalsOfBodies(operation).every((status) => statuses.includes(status)),
  };
  return Object.entries(parts).flatMap(([part, isThere]) => (isThere ? [] : [part]));
}

/** Invalid input is 422, or 400 in the error format of the Open Inference Protocol. */
function refusalsOfBodies({ responses }: Operation): string[] {
  const isProblem = 'application/problem+json' in (responses.default?.content ?? {});
  return ['400', '413', '415', ...(isProblem ? ['422'] : [])];
}

function isNoProblem(status: string): boolean {
  return status === 'default' || Number(status) < 400;
}

/** The example of a problem has the status of its response. Readiness responds with its own format instead of a problem. */
function hasProblemExample({ responses }: Operation, status: string): boolean {
  const content = responses[status]?.content ?? {};
  const example = content['application/problem+json']?.example as { status?: number } | undefined;
  return 'application/json' in content || example?.status === Number(status);
}

function hasSchema({ responses }: Operation, status: string): boolean {
  const media = Object.values(responses[status]?.content ?? {});
  return media.length > 0 && media.every(({ schema }) => schema !== undefined);
}

interface Probed {
  readonly what: string;
  readonly response: ClientResponse;
}

/** Sends bad requests, anonymously and as a member. */
async function probe(operation: Operation, document: OpenApiDocument, app: TestApp): Promise<Probed[]> {
  const member = app.client();
  await member.signUpAndLogIn();
  return [...(await probeAs(app.client(), operation, document)), ...(await probeAs(member, operation, document))];
}

async function probeAs(client: Client, operation: Operation, document: OpenApiDocument): Promise<Probed[]> {
  const { method } = operation;
  const address = document.address(operation);
  const json = document.bodyExample(operation);
  const type = { 'content-type': 'application/json' };
  const raw = JSON.stringify(json);
  const probes: Record<string, () => Promise<ClientResponse>> = {
    'with an unknown parameter': () => client.request(method, `${address}?nonsense=1`, { json }),
    'from another site': () => client.request(method, address, { json, headers: { 'sec-fetch-site': 'cross-site' } }),
  };
  for (const id of pathIds(operation)) {
    const elsewhere = document.address(
      operation,
      Object.fromEntries(operation.path.match(/\w+(?=\})/g)!.map((name) => [name, id])),
    );
    probes[`at ${elsewhere}`] = () => client.request(method, elsewhere, { json });
  }
  if (operation.requestBody) {
    Object.assign(probes, {
      'with no body': () => client.request(method, address),
      'with an unknown field': () => client.request(method, address, { json: { nonsense: 1 } }),
      'with null': () => client.request(method, address, { json: null }),
      'with broken JSON': () => client.request(method, address, { raw: '{"', headers: type }),
      'with plain text': () => client.request(method, address, { raw, headers: { 'content-type': 'text/plain' } }),
      'with an unknown coding': () =>
        client.request(method, address, { raw, headers: { ...type, 'content-encoding': 'x' } }),
      'with too large a body': () => client.request(method, address, { raw: TOO_LARGE, headers: type }),
    });
  }
  const responses: Probed[] = [];
  for (const [what, send] of Object.entries(probes)) responses.push({ what, response: await send() });
  return responses;
}

/** Ids that do not exist, have the wrong type, or are malformed. */
function pathIds({ path }: Operation): string[] {
  return path.includes('{') ? ['987654321', '00000000-0000-4000-8000-000000000000', 'no%20id', '%E0%A4%A'] : [];
}
