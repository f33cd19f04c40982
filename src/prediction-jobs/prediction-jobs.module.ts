import { Module } from '@nestjs/common';
import { SettingsModule } from '../platform/config/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { ModelStore } from '../serving/index.js';
import { JobPredictor } from './job-predictor.js';
import { PredictionJobHandler } from './prediction-job.handler.js';
import { PredictionJobsController } from './prediction-jobs.controller.js';
import { describeJobsOperations } from './prediction-jobs.docs.js';
import { PredictionJobsService } from './prediction-jobs.service.js';
import { PredictionJobsSettings } from './prediction-jobs.settings.js';

/** Predictions for files of any size, as background jobs. */
@Module({
  imports: [SettingsModule.forFeature(PredictionJobsSettings)],
  controllers: [PredictionJobsController],
  providers: [JobPredictor, PredictionJobHandler, PredictionJobsService],
})
export class PredictionJobsModule {
  constructor(openApi: OpenApiService, store: ModelStore) {
    openApi.contribute((document) => describeJobsOperations(document, store));
  }
}
