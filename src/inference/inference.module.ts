import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { SettingsModule } from '../platform/config/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { ReadinessRegistry } from '../platform/health/index.js';
import { ModelStore, ServingModule, ServingSettings } from '../serving/index.js';
import { ModelAccess } from './access/model-access.js';
import { PredictionRateLimiter } from './access/prediction-rate-limiter.js';
import { InferenceSettings } from './inference.settings.js';
import { modelProviders } from './injection/inject-model.js';
import { describeModels } from './models/model-openapi.js';
import { describeTimeLimits } from './models/time-limits.docs.js';
import { ModelViewsRegistry } from './models/model-views.js';
import { ModelsController } from './models/models.controller.js';
import { PromotionController } from './models/promotion.controller.js';
import { PipelineRegistry } from './pipelines/pipeline-registry.js';
import { PredictController } from './predict/predict.controller.js';
import { PredictionsService } from './predict/predictions.service.js';

const EXPORTED = [ModelAccess, ModelViewsRegistry, PipelineRegistry, PredictionRateLimiter, PredictionsService];

/** Predictions over HTTP (`/predict`, `/models`), and for other features (`@InjectModel`, `@Pipeline`). */
@Module({
  imports: [ServingModule, SettingsModule.forFeature(InferenceSettings), DiscoveryModule],
  controllers: [PredictController, ModelsController, PromotionController],
  providers: EXPORTED,
  exports: [ServingModule, ...EXPORTED],
})
export class InferenceModule {
  constructor(
    openApi: OpenApiService,
    readiness: ReadinessRegistry,
    store: ModelStore,
    pipelines: PipelineRegistry,
    settings: ServingSettings,
  ) {
    openApi.contribute((document) => {
      describeModels(document, { store, pipelines, settings });
      describeTimeLimits(document, '/predict', settings);
    });
    readiness.add('models', () => store.readiness);
    store.onChange(() => {
      openApi.invalidate();
      void readiness.evaluate();
    });
  }

  /** The global module, with a provider for each `@InjectModel`. To be called once all features have been imported. */
  static forRoot(): DynamicModule {
    const providers = modelProviders();
    return { module: InferenceModule, global: true, providers, exports: providers };
  }
}
