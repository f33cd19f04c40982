import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SettingsModule } from '../platform/config/index.js';
import { OpenApi } from '../platform/docs/index.js';
import { ErrorFormats } from '../platform/http/index.js';
import { ModelDefault } from '../serving/repository/entities/model-default.entity.js';
import { ImageDecoder } from '../serving/images/image-decoder.js';
import { InferenceSettings } from '../serving/serving.settings.js';
import { modelProviders } from './injection/inject-model.js';
import { ModelCalls } from './injection/model-calls.js';
import { ModelPages } from '../model-pages/model-pages.js';
import { ModelReports } from '../model-pages/report/model-reports.js';
import { ReportController } from '../model-pages/report/report.controller.js';
import { JobPredictions } from '../prediction-jobs/job-predictions.js';
import { PredictionJobHandler } from '../prediction-jobs/prediction-job.handler.js';
import { describeJobs } from '../prediction-jobs/prediction-jobs.docs.js';
import { PredictionJobsController } from '../prediction-jobs/prediction-jobs.controller.js';
import { PredictionJobs } from '../prediction-jobs/prediction-jobs.service.js';
import { Pipelines } from './pipelines/pipelines.service.js';
import { ModelAccess } from './access/model-access.js';
import { describeModels } from './models/model-openapi.js';
import { ModelsController } from './models/models.controller.js';
import { PredictController } from './predict/predict.controller.js';
import { PredictionRate } from './access/prediction-rate.js';
import { PredictionsService } from './predict/predictions.service.js';
import { ModelProtocolController, VersionProtocolController } from '../open-inference/model-protocol.controller.js';
import { OpenInferenceController } from '../open-inference/open-inference.controller.js';
import { describeVersionPaths } from '../open-inference/open-inference.docs.js';
import { formatOpenInferenceError } from '../open-inference/open-inference-errors.js';
import { RepositoryController } from '../open-inference/repository.controller.js';
import { InferenceMetrics } from '../serving/stats/inference-metrics.js';
import { ModelDefaultsRepository } from '../serving/repository/model-defaults.repository.js';
import { ModelLoader } from '../serving/repository/model-loader.js';
import { ModelStore } from '../serving/repository/model-store.js';

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
