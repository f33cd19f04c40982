import { DataSource, type DataSourceOptions } from 'typeorm';
import { StartupError } from '../logging/index.js';
import { dataSourceOptions, makeReadOnly } from './data-source-options.js';
import type { DatabaseSettings } from './database.settings.js';
import { migrate } from './migrate.js';
import { UnitOfWork } from './unit-of-work.js';

/** The migrated database for reading; on SQLite for nothing else. */
export async function openMigrated(options: DataSourceOptions): Promise<DataSource> {
  try {
    await migrate(options);
    const reading = options.type === 'better-sqlite3' ? { ...options, prepareDatabase: makeReadOnly } : options;
    return await new DataSource(reading).initialize();
  } catch (cause) {
    const { message } = cause as Error;
    throw new StartupError(`DATABASE_URL: the database cannot be opened and migrated: ${message}`, { cause });
  }
}

/** For commands: the migrated database, open for as long as `work` takes. The application may be running on it. */
export async function withDatabase<T>(
  settings: DatabaseSettings,
  work: (unitOfWork: UnitOfWork) => Promise<T>,
): Promise<T> {
  const dataSource = await openMigrated(await dataSourceOptions(settings));
  const unitOfWork = new UnitOfWork(dataSource);
  try {
    await unitOfWork.onModuleInit();
    return await work(unitOfWork);
  } finally {
    await unitOfWork.onApplicationShutdown();
    await dataSource.destroy();
  }
}
