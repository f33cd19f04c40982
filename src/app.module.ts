import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './auth/index.js';
import { SettingsModule, type Variables } from './platform/config/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { DemandModule } from './demand/index.js';
import { DocsModule } from './platform/docs/index.js';
import { HealthModule } from './platform/health/index.js';
import { HomeModule } from './home/index.js';
import { HttpModule } from './platform/http/index.js';
import { InferenceModule } from './inference/index.js';
import { ModelPagesModule } from './model-pages/index.js';
import { OpenInferenceModule } from './open-inference/index.js';
import { PredictionJobsModule } from './prediction-jobs/index.js';
import { JobsModule } from './jobs/index.js';
import { LoggingModule } from './platform/logging/index.js';
import { MenusModule } from './menus/index.js';
import { MetricsModule } from './platform/metrics/index.js';
import { PagesModule } from './platform/pages/index.js';
import { StorageModule } from './platform/storage/index.js';

const PLATFORM = [
  LoggingModule,
  HttpModule,
  HealthModule,
  MetricsModule,
  DatabaseModule,
  StorageModule,
  DocsModule,
  PagesModule,
];
const FEATURES = [HomeModule, AuthModule, JobsModule, MenusModule, DemandModule];
/** What makes models available to the outside, beside `inference`. */
const DOORS = [ModelPagesModule, PredictionJobsModule, OpenInferenceModule];

/** The table of contents of the system. */
@Module({})
export class AppModule {
  static forRoot(variables: Variables): DynamicModule {
    const settings = SettingsModule.forRoot(variables);
    return { module: AppModule, imports: [settings, ...PLATFORM, ...FEATURES, InferenceModule.forRoot(), ...DOORS] };
  }
}
