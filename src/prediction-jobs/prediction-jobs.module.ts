import { Module } from '@nestjs/common';
import { SettingsModule } from '../platform/config/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { ModelStore } from '../serving/index.js';
import { JobPredictions } from './job-predictions.js';
import { PredictionJobHandler } from './prediction-job.handler.js';
import { PredictionJobsController } from './prediction-jobs.controller.js';
import { describeJobs } from './prediction-jobs.docs.js';
import { PredictionJobsService } from './prediction-jobs.service.js';
import { PredictionJobsSettings } from './prediction-jobs.settings.js';

/** Files of any size, scored in the background. */
@Module({
  imports: [SettingsModule.forFeature(PredictionJobsSettings)],
  controllers: [PredictionJobsController],
  providers: [JobPredictions, PredictionJobHandler, PredictionJobsService],
})
export class PredictionJobsModule {
  constructor(openApi: OpenApiService, store: ModelStore) {
    openApi.contribute((document) => describeJobs(document, store));
  }
}
