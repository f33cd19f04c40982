import { Global, Module } from '@nestjs/common';
import { SettingsModule } from '../config/index.js';
import { RequestObservers } from '../http/index.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.service.js';
import { MetricsSettings } from './metrics.settings.js';

@Global()
@Module({
  imports: [SettingsModule.forFeature(MetricsSettings)],
  controllers: [MetricsController],
  providers: [Metrics],
  exports: [Metrics],
})
export class MetricsModule {
  constructor(observers: RequestObservers, metrics: Metrics) {
    observers.onEnd(metrics.observeRequest);
  }
}
