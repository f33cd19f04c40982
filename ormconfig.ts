import { DataSource } from 'typeorm';
import { processVariables, readSettings } from './src/config/index.js';
import { DatabaseSettings, dataSourceOptions } from './src/database/index.js';

/** The database as the TypeORM command line sees it; the application opens the same options. */
export default new DataSource(await dataSourceOptions(readSettings(DatabaseSettings, processVariables())));
