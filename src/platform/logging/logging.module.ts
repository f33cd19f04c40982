import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { SettingsModule } from '../config/index.js';
import { Log } from './log.js';
import { LoggingSettings } from './logging.settings.js';
import { NestLogger } from './nest-logger.js';
import { SecurityLog } from './security-log.js';
import { StartupFailure } from './startup-failure.js';

@Global()
@Module({
  imports: [SettingsModule.forFeature(LoggingSettings)],
  providers: [
    { provide: Log, inject: [LoggingSettings], useFactory: (settings: LoggingSettings) => new Log(settings.level) },
    { provide: NestLogger, inject: [Log], useFactory: (log: Log) => new NestLogger(log) },
    SecurityLog,
    StartupFailure,
  ],
  exports: [Log, NestLogger, SecurityLog, StartupFailure],
})
export class LoggingModule implements OnApplicationShutdown {
  constructor(private readonly log: Log) {}

  onApplicationShutdown(): void {
    // The lines of the last requests precede the last line.
    this.log.flush();
    this.log.lines.info('stopped');
    this.log.flush();
  }
}
