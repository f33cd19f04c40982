import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../support/client.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { type Finished, ROOT, run } from '../support/project.js';
import { describeUnless } from '../support/describe-unless.js';
import { pythonWith } from '../support/python.js';
import { ATTACK_MS, countEach, report, scale } from '../support/reliability.js';

const HERE = join(ROOT, 'test/resilience');
/** Generated examples per operation and member. */
const EXAMPLES = scale(6, 400);
const PHASES = EXAMPLES > 6 ? 'examples,coverage,fuzzing,stateful' : 'fuzzing';
/** Total of both members. */
const MIN_REQUESTS = scale(200, 20_000);
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

/** Operations that end the login of the requests. The other member calls them. */
const ENDS_KEYS = ['DELETE /auth/api-keys/{id}'];
const ENDS_SESSIONS = ['POST /auth/login', 'POST /auth/logout', 'DELETE /auth/sessions/{id}'];

const python = await pythonWith(join(HERE, 'requirements.txt'));
const describeWithPython = describeUnless(python.trouble);

describeWithPython('Schemathesis on the OpenAPI document', () => {
  let directory: string;
  let app: ProcessApp;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-schemathesis-'));
    app = await ProcessApp.start({ TRUST_PROXY: '1' });
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'finds no undocumented response and no server error for two members',
    async () => {
      const [withKey, withSession] = [app.client(), app.client()];
      await withKey.signUpAndLogIn();
      await withSession.signUpAndLogIn();
      const { key } = (await withKey.post('/auth/api-keys', { name: 'schemathesis' })).body;
      const document = await documentOf(withKey);
      const before = requests().length;
      const runs = await Promise.all([
        attack(document, `Authorization: Bearer ${key}`, ENDS_KEYS),
        attack(document, `Cookie: barista.sid=${withSession.cookies.get('barista.sid')}`, ENDS_SESSIONS),
      ]);
      const sent = requests().slice(before);
      const statuses = countEach(sent.map(({ status }) => status));
      report('schemathesis', { requests: sent.length, ...statuses });
      expect(runs.map(({ code, stdout, stderr }) => (code === 0 ? '' : stdout.slice(-10_000) + stderr))).toEqual([
        '',
        '',
      ]);
      expect(sent.filter(({ status }) => Number(status) >= 500)).toEqual([]);
      expect(sent.length).toBeGreaterThan(MIN_REQUESTS);
      expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '201', '400', '403', '404', '422']));
      expect((await withKey.get('/auth/me', { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
      expect((await withSession.get('/auth/me')).status).toBe(200);
    },
    ATTACK_MS,
  );

  function requests() {
    return app.lines.filter(({ msg }) => msg === 'request');
  }

  /** @returns the document without `default` responses, which would document every status */
  async function documentOf(client: Client): Promise<string> {
    const document = (await client.get('/openapi.json')).body;
    for (const path of Object.values<Record<string, { responses: object }>>(document.paths)) {
      for (const { responses } of Object.values(path)) Reflect.deleteProperty(responses, 'default');
    }
    const file = join(directory, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    return file;
  }

  function attack(document: string, login: string, excluded: readonly string[]): Promise<Finished> {
    const options = {
      url: app.url,
      phases: PHASES,
      'max-examples': String(EXAMPLES),
      checks: CHECKS.join(','),
      header: login,
      seed: '1',
      'generation-database': 'none',
      'generation-with-security-parameters': 'false',
      'suppress-health-check': 'all',
    };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    args.push(...excluded.map((name) => `--exclude-name=${name}`));
    const variables = { SCHEMATHESIS_HOOKS: 'schemathesis_hooks', PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' };
    const command = ['-m', 'schemathesis.cli', 'run', document, '--no-color', '--continue-on-failure', ...args];
    return run(python.program, command, { cwd: directory, variables });
  }
});
