import { countRows } from '../support/auth.js';
import { describeUnless } from '../support/describe-unless.js';
import { findPostgres, type PostgresServer, postgresUnavailableReason, startPostgres } from '../support/postgres.js';
import { Relay } from '../support/relay.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const bin = findPostgres();
const describeWithPostgres = describeUnless(postgresUnavailableReason(bin));

describeWithPostgres('POST /menus/import on PostgreSQL', () => {
  let postgres: PostgresServer;
  let relay: Relay;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await startPostgres(bin!);
    relay = await Relay.start(postgres.url);
    const url = new URL(postgres.url);
    url.port = String(relay.port);
    app = await startTestApp({ DATABASE_URL: url.href, JOBS_AT_ONCE: '0' });
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    relay?.stop();
    await postgres?.stop();
  });

  it('keeps the file of a job whose commit succeeded but was not acknowledged', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    relay.dropResponse({ after: 'INSERT INTO "job"', to: 'COMMIT' });
    const raw = 'name,price\nTea,1\n';
    const response = await client.request('POST', '/menus/import', { raw, headers: { 'content-type': 'text/csv' } });
    expect(response).toMatchObject({ status: 503, body: { code: 'database.unavailable' } });
    expect((await client.get('/jobs')).body.items).toMatchObject([{ status: 'queued' }]);
    expect(await countRows(app, 'stored_file WHERE "removeAt" IS NULL')).toBe(1);
  });
});
