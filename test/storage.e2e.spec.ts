import { describeWhere } from './support/possible.js';
import { findPostgres, type PostgresServer, postgresTrouble, startPostgres } from './support/postgres.js';
import { itStoresFiles } from './support/storage-behaviour.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const LIMIT = { STORAGE_LIMIT_MB: '8' };
const bin = findPostgres();
const describeWithPostgres = describeWhere(postgresTrouble(bin));

describe('stored files on SQLite', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp(LIMIT);
  });

  afterAll(() => app.close());

  itStoresFiles(() => app);
});

describeWithPostgres('stored files on PostgreSQL', () => {
  let postgres: PostgresServer;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await startPostgres(bin!);
    app = await startTestApp({ ...LIMIT, DATABASE_URL: postgres.url });
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    await postgres?.stop();
  });

  itStoresFiles(() => app);
});
