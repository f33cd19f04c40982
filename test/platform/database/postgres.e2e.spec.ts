import { DataSource } from 'typeorm';
import { testSalesHistory } from '../../support/demand-behaviour.js';
import { testMenuCatalogue } from '../../support/menu-behaviour.js';
import { describeUnless } from '../../support/describe-unless.js';
import { findPostgres, type PostgresServer, postgresUnavailableReason, startPostgres } from '../../support/postgres.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const bin = findPostgres();
const describeWithPostgres = describeUnless(postgresUnavailableReason(bin));

describeWithPostgres('the application on PostgreSQL', () => {
  let postgres: PostgresServer;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await startPostgres(bin!);
    app = await startTestApp({ DATABASE_URL: postgres.url });
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    await postgres?.stop();
  });

  testMenuCatalogue(() => app);
  testSalesHistory(() => app);

  it('has the schema that the entities describe', async () => {
    const { upQueries } = await app.app.get(DataSource).driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('starts several processes on the same database', async () => {
    const others = await Promise.all([1, 2].map(() => startTestApp({ DATABASE_URL: postgres.url })));
    for (const other of others) expect((await other.client().get('/menus?limit=1')).status).toBe(200);
    await Promise.all(others.map((other) => other.close()));
  });
});
