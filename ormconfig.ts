import { DataSource } from 'typeorm';
import { environmentVariables, readSettings } from './src/platform/config/index.js';
import { DatabaseSettings, dataSourceOptions } from './src/platform/database/index.js';

/** The database as the TypeORM command line sees it; the application opens the same options. */
export default new DataSource(await dataSourceOptions(readSettings(DatabaseSettings, environmentVariables())));
