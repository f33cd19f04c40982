import { Module } from '@nestjs/common';
import { ModelViewsRegistry } from '../inference/index.js';
import { HtmlModelViews } from './html-model-views.js';
import { ModelReports } from './report/model-reports.js';
import { ReportController } from './report/report.controller.js';

/** HTML pages of models: forms to predict, and training reports. */
@Module({
  controllers: [ReportController],
  providers: [HtmlModelViews, ModelReports],
})
export class ModelPagesModule {
  constructor(registry: ModelViewsRegistry, views: HtmlModelViews) {
    registry.register(views);
  }
}
