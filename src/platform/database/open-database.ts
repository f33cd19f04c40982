import { DataSource, type DataSourceOptions } from 'typeorm';
import { StartupError } from '../logging/index.js';
import { dataSourceOptions, configureReader } from './data-source-options.js';
import type { DatabaseSettings } from './database.settings.js';
import { migrate } from './migrate.js';
import { UnitOfWork } from './unit-of-work.js';

/** Migrates and opens the database. On SQLite the connection is read-only. @throws StartupError */
export async function openMigratedDatabase(options: DataSourceOptions): Promise<DataSource> {
  try {
    await migrate(options);
    const readerOptions =
      options.type === 'better-sqlite3' ? { ...options, prepareDatabase: configureReader } : options;
    return await new DataSource(readerOptions).initialize();
  } catch (cause) {
    const { message } = cause as Error;
    throw new StartupError(`DATABASE_URL: the database cannot be opened and migrated: ${message}`, { cause });
  }
}

/** For commands: migrates and opens the database while `work` runs. The application may be running too. */
export async function withDatabase<T>(
  settings: DatabaseSettings,
  work: (unitOfWork: UnitOfWork) => Promise<T>,
): Promise<T> {
  const dataSource = await openMigratedDatabase(await dataSourceOptions(settings));
  const unitOfWork = new UnitOfWork(dataSource);
  try {
    await unitOfWork.onModuleInit();
    return await work(unitOfWork);
  } finally {
    await unitOfWork.onApplicationShutdown();
    await dataSource.destroy();
  }
}
