import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT, run } from '../support/project.js';
import { describeUnless } from '../support/describe-unless.js';
import { pythonWith } from '../support/python.js';

const CLIENTS = join(ROOT, 'test/open-inference/clients');
const CHECKS = [
  'triton_health',
  'triton_metadata',
  'triton_infer',
  'triton_compression',
  'triton_datatypes',
  'triton_classification',
  'triton_in_parallel',
  'triton_statistics',
  'triton_repository',
  'triton_errors',
  'triton_timeout',
  'kserve_health',
  'kserve_infer',
  'kserve_texts',
  'kserve_errors',
];

const python = await pythonWith(join(CLIENTS, 'requirements.txt'));
const describeWithPython = describeUnless(python.trouble);

describeWithPython('Clients of Triton and KServe', () => {
  const errors = new Map<string, string | null>();
  let directory: string;
  let store: TestModelStore;
  let app: ProcessApp;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-clients-'));
    store = await TestModelStore.create();
    await store.add('datatypes', 'datatypes');
    await store.add('spin', 'spin');
    const databaseUrl = `sqlite:${join(directory, 'barista.db')}`;
    // Long enough for requests behind a run whose client has timed out, also on a busy machine.
    app = await ProcessApp.start({ MODELS_DIR: store.path, DEADLINE_MS: '30000' }, { databaseUrl });
    const key = await makeAdminKey(app, databaseUrl);
    const script = join(CLIENTS, 'open-inference-clients.py');
    const { stdout, stderr } = await run(python.program, [script, app.url, key], { cwd: directory });
    for (const line of stdout.split('\n').filter((text) => text.startsWith('{'))) {
      const { check, error } = JSON.parse(line) as { check: string; error: string | null };
      errors.set(check, error);
    }
    if (errors.size === 0) throw new Error(stderr);
  }, 300_000);

  afterAll(async () => {
    await killLeftovers();
    await store.remove();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(CHECKS)('pass the check %s', (check) => {
    expect(errors.get(check)).toBeNull();
  });

  it('are logged when they load and unload a model', () => {
    const events = app.lines.filter(({ event }) => String(event).startsWith('model.'));
    const actor = { memberId: expect.any(String), requestId: expect.any(String), address: '127.0.0.1' };
    expect(events).toMatchObject([
      { event: 'model.unloaded', model: 'datatypes', ...actor },
      { event: 'model.loaded', model: 'datatypes', version: '1', ...actor },
    ]);
  });

  it('run exactly the checks listed here', () => {
    expect([...errors.keys()]).toEqual(CHECKS);
  });
});

async function makeAdminKey(app: ProcessApp, databaseUrl: string): Promise<string> {
  const client = app.client();
  const { email } = await client.signUpAndLogIn();
  const { code, stderr } = await run(process.execPath, ['dist/src/cli/admin.command.js', 'grant', email], {
    variables: { DATABASE_URL: databaseUrl },
  });
  if (code !== 0) throw new Error(stderr);
  const { body } = await client.post('/auth/api-keys', { name: 'repository' });
  return (body as { key: string }).key;
}
