import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SettingsModule } from '../config/index.js';
import { ReadinessRegistry } from '../health/index.js';
import { ErrorTranslators } from '../http/index.js';
import { dataSourceOptions } from './data-source-options.js';
import { translateDatabaseError } from './database-failure.js';
import { DatabaseSettings } from './database.settings.js';
import { openMigrated } from './open-database.js';
import { UnitOfWork } from './unit-of-work.js';

const settings = SettingsModule.forFeature(DatabaseSettings);

/** The migrated database: repositories read through it, `UnitOfWork` writes. */
@Global()
@Module({
  imports: [
    settings,
    TypeOrmModule.forRootAsync({
      imports: [settings],
      inject: [DatabaseSettings],
      useFactory: async (database: DatabaseSettings) => ({ ...(await dataSourceOptions(database)), retryAttempts: 0 }),
      dataSourceFactory: (options) => openMigrated(options!),
    }),
  ],
  providers: [UnitOfWork],
  exports: [UnitOfWork, settings],
})
export class DatabaseModule implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly readiness: ReadinessRegistry,
    private readonly translators: ErrorTranslators,
  ) {}

  onModuleInit(): void {
    this.translators.add(translateDatabaseError);
    this.readiness.add('database', () => this.ping());
  }

  private async ping(): Promise<{ ok: boolean; detail: string }> {
    try {
      await this.dataSource.query('SELECT 1');
      return { ok: true, detail: 'up' };
    } catch {
      return { ok: false, detail: 'down' };
    }
  }
}
