import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SettingsModule } from '../config/index.js';
import { OpenApi } from '../docs/index.js';
import { ErrorFormats } from '../http/index.js';
import { ModelDefault } from './entities/model-default.entity.js';
import { ImageDecoder } from './images/image-decoder.js';
import { InferenceSettings } from './inference.settings.js';
import { modelProviders } from './injection/inject-model.js';
import { ModelCalls } from './injection/model-calls.js';
import { ModelPages } from './pages/model-pages.js';
import { ModelReports } from './pages/report/model-reports.js';
import { ReportController } from './pages/report/report.controller.js';
import { JobPredictions } from './jobs/job-predictions.js';
import { PredictionJobHandler } from './jobs/prediction-job.handler.js';
import { describeJobs } from './jobs/prediction-jobs.docs.js';
import { PredictionJobsController } from './jobs/prediction-jobs.controller.js';
import { PredictionJobs } from './jobs/prediction-jobs.service.js';
import { Pipelines } from './pipeline/pipelines.service.js';
import { ModelAccess } from './predictions/model-access.js';
import { describeModels } from './predictions/model-openapi.js';
import { ModelsController } from './predictions/models.controller.js';
import { PredictController } from './predictions/predict.controller.js';
import { PredictionRate } from './predictions/prediction-rate.js';
import { PredictionsService } from './predictions/predictions.service.js';
import { ModelProtocolController, VersionProtocolController } from './protocol/model-protocol.controller.js';
import { OpenInferenceController } from './protocol/open-inference.controller.js';
import { describeVersionPaths } from './protocol/open-inference.docs.js';
import { formatOpenInferenceError } from './protocol/open-inference-errors.js';
import { RepositoryController } from './protocol/repository.controller.js';
import { InferenceMetrics } from './stats/inference-metrics.js';
import { ModelDefaultsRepository } from './store/model-defaults.repository.js';
import { ModelLoader } from './store/model-loader.js';
import { ModelStore } from './store/model-store.js';

/** Models: kept in a store, run in processes of their own, and answered for over HTTP and to other features. */
@Module({
  imports: [SettingsModule.forFeature(InferenceSettings), TypeOrmModule.forFeature([ModelDefault]), DiscoveryModule],
  controllers: [
    PredictController,
    ModelsController,
    ReportController,
    PredictionJobsController,
    OpenInferenceController,
    ModelProtocolController,
    VersionProtocolController,
    RepositoryController,
  ],
  providers: [
    ModelStore,
    ModelLoader,
    ModelDefaultsRepository,
    InferenceMetrics,
    ModelAccess,
    ModelPages,
    ModelReports,
    Pipelines,
    ImageDecoder,
    PredictionRate,
    PredictionsService,
    ModelCalls,
    JobPredictions,
    PredictionJobs,
    PredictionJobHandler,
  ],
})
export class InferenceModule {
  constructor(
    openApi: OpenApi,
    errorFormats: ErrorFormats,
    store: ModelStore,
    pipelines: Pipelines,
    settings: InferenceSettings,
  ) {
    errorFormats.add('/v2', formatOpenInferenceError);
    openApi.contribute((document) => describeModels(document, { store, pipelines, settings }));
    openApi.contribute((document) => describeJobs(document, store));
    openApi.contribute(describeVersionPaths);
  }

  /** With every model that a feature injects; global, so that it can be injected anywhere. */
  static forRoot(): DynamicModule {
    const providers = modelProviders();
    return { module: InferenceModule, global: true, providers, exports: providers };
  }
}
