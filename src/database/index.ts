export { dataSourceOptions } from './data-source-options.js';
export { DatabaseFullError, DatabaseUnavailableError, isUniqueViolation } from './database-failure.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseSettings } from './database.settings.js';
export { InstantColumn } from './instant.column.js';
export { migrate } from './migrate.js';
export { withDatabase } from './open-database.js';
export { rowLock } from './row-lock.js';
export { UnitOfWork } from './unit-of-work.js';
