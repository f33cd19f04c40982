import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SettingsModule } from '../config/index.js';
import { ReadinessRegistry } from '../health/index.js';
import { ErrorTranslators } from '../http/index.js';
import { Log } from '../logging/index.js';
import { dataSourceOptions } from './data-source-options.js';
import { translateDatabaseError } from './database-errors.js';
import { DatabaseSettings } from './database.settings.js';
import { openMigratedDatabase } from './open-database.js';
import { checkAfterUncleanShutdown, markClosed, markOpen } from './unclean-shutdown.js';
import { UnitOfWork } from './unit-of-work.js';

const settings = SettingsModule.forFeature(DatabaseSettings);

/** Opens the migrated database. Repositories read from it; `UnitOfWork` writes to it. */
@Global()
@Module({
  imports: [
    settings,
    TypeOrmModule.forRootAsync({
      imports: [settings],
      inject: [DatabaseSettings, Log],
      useFactory: async (database: DatabaseSettings, log: Log) => {
        if (database.kind === 'sqlite') checkAfterUncleanShutdown(database.location, log);
        return { ...(await dataSourceOptions(database)), retryAttempts: 0 };
      },
      dataSourceFactory: (options) => openMigratedDatabase(options!),
    }),
  ],
  providers: [UnitOfWork],
  exports: [UnitOfWork, settings],
})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly database: DatabaseSettings,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly unitOfWork: UnitOfWork,
    private readonly readiness: ReadinessRegistry,
    private readonly translators: ErrorTranslators,
  ) {}

  onModuleInit(): void {
    this.translators.add(translateDatabaseError);
    this.readiness.add('database', () => this.ping());
    if (this.database.kind === 'sqlite') markOpen(this.database.location);
  }

  /** Runs after the shutdown hook of `UnitOfWork`, which completes the last write. */
  onApplicationShutdown(): void {
    if (this.database.kind === 'sqlite') markClosed(this.database.location);
  }

  private async ping(): Promise<{ ok: boolean; detail: string }> {
    try {
      await this.dataSource.query('SELECT 1');
      this.unitOfWork.requireFilesInPlace();
      return { ok: true, detail: 'up' };
    } catch {
      return { ok: false, detail: 'down' };
    }
  }
}
