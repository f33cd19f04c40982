import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { SettingsModule } from '../platform/config/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { ReadinessRegistry } from '../platform/health/index.js';
import { ModelStore, ServingModule, ServingSettings } from '../serving/index.js';
import { ModelAccess } from './access/model-access.js';
import { PredictionRate } from './access/prediction-rate.js';
import { InferenceSettings } from './inference.settings.js';
import { modelProviders } from './injection/inject-model.js';
import { ModelCalls } from './injection/model-calls.js';
import { describeModels } from './models/model-openapi.js';
import { ModelViewsRegistry } from './models/model-views.js';
import { ModelsController } from './models/models.controller.js';
import { Pipelines } from './pipelines/pipelines.service.js';
import { PredictController } from './predict/predict.controller.js';
import { PredictionsService } from './predict/predictions.service.js';

const SHARED = [ModelAccess, ModelViewsRegistry, Pipelines, PredictionRate, PredictionsService];

/** Predictions over HTTP and for other features: `/predict` and `/models`, `@InjectModel` and `@Pipeline`. */
@Module({
  imports: [ServingModule, SettingsModule.forFeature(InferenceSettings), DiscoveryModule],
  controllers: [PredictController, ModelsController],
  providers: [...SHARED, ModelCalls],
  exports: [ServingModule, ...SHARED],
})
export class InferenceModule {
  constructor(
    openApi: OpenApiService,
    readiness: ReadinessRegistry,
    store: ModelStore,
    pipelines: Pipelines,
    settings: ServingSettings,
  ) {
    openApi.contribute((document) => describeModels(document, { store, pipelines, settings }));
    readiness.add('models', () => store.readiness);
    store.onChange(() => {
      openApi.invalidate();
      void readiness.evaluate();
    });
  }

  /** Global, and with a provider for each model that a feature injects. */
  static forRoot(): DynamicModule {
    const providers = modelProviders();
    return { module: InferenceModule, global: true, providers, exports: providers };
  }
}
