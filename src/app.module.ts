import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { AuthModule } from './auth/index.js';
import { DemandModule } from './demand/index.js';
import { HomeModule } from './home/index.js';
import { InferenceModule } from './inference/index.js';
import { JobsModule } from './jobs/index.js';
import { MenusModule } from './menus/index.js';
import { ModelPagesModule } from './model-pages/index.js';
import { OpenInferenceModule } from './open-inference/index.js';
import { SettingsModule, type Variables } from './platform/config/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { DocsModule } from './platform/docs/index.js';
import { HealthModule } from './platform/health/index.js';
import { HttpModule } from './platform/http/index.js';
import { PredictionJobsModule } from './prediction-jobs/index.js';
import { LoggingModule } from './platform/logging/index.js';
import { MetricsModule } from './platform/metrics/index.js';
import { PagesModule } from './platform/pages/index.js';
import { ServerModule } from './platform/server/index.js';
import { StorageModule } from './platform/storage/index.js';

const PLATFORM = [HealthModule, MetricsModule, DatabaseModule, StorageModule, DocsModule, PagesModule];
const FEATURES = [HomeModule, AuthModule, JobsModule, MenusModule, DemandModule];
/** Interfaces to the models, in addition to `inference`. */
const DOORS = [ModelPagesModule, PredictionJobsModule, OpenInferenceModule];

/** The root module. */
@Module({})
export class AppModule {
  /** @param server the module that belongs to the HTTP adapter; none for Nest's stock adapter */
  static forRoot(variables: Variables, server: readonly Type[] = [ServerModule]): DynamicModule {
    const platform = [SettingsModule.forRoot(variables), LoggingModule, HttpModule, ...server, ...PLATFORM];
    return { module: AppModule, imports: [...platform, ...FEATURES, InferenceModule.forRoot(), ...DOORS] };
  }
}
