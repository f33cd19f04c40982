import { UnitOfWork } from '../../../src/platform/database/index.js';
import { FileStore } from '../../../src/platform/storage/index.js';
import { StorageJanitor } from '../../../src/platform/storage/storage-janitor.js';
import { countRows } from '../../support/auth.js';
import { describeUnless } from '../../support/describe-unless.js';
import { findPostgres, type PostgresServer, postgresUnavailableReason, startPostgres } from '../../support/postgres.js';
import { itStoresFiles } from '../../support/storage-behaviour.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const LIMIT = { STORAGE_LIMIT_MB: '8' };
const bin = findPostgres();
const describeWithPostgres = describeUnless(postgresUnavailableReason(bin));

describe('FileStore on SQLite', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp(LIMIT);
  });

  afterAll(() => app.close());

  itStoresFiles(() => app);

  it('stops removing files when the application stops', async () => {
    const [unitOfWork, files, janitor] = [app.app.get(UnitOfWork), app.app.get(FileStore), app.app.get(StorageJanitor)];
    const ids = await Promise.all([1, 2, 3].map(() => unitOfWork.run((manager) => files.create(manager))));
    await unitOfWork.run((manager) => files.release(manager, ids));
    // The janitor is removing the first file.
    janitor.onModuleDestroy();
    await janitor.beforeApplicationShutdown();
    expect(await countRows(app, 'stored_file')).toBe(2);
  });
});

describeWithPostgres('FileStore on PostgreSQL', () => {
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
