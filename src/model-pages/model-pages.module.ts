import { Module } from '@nestjs/common';
import { ModelViewsRegistry } from '../inference/index.js';
import { ModelPages } from './model-pages.js';
import { ModelReports } from './report/model-reports.js';
import { ReportController } from './report/report.controller.js';

/** Models in a browser: forms to predict with, and the reports of their training. */
@Module({
  controllers: [ReportController],
  providers: [ModelPages, ModelReports],
})
export class ModelPagesModule {
  constructor(registry: ModelViewsRegistry, pages: ModelPages) {
    registry.register(pages);
  }
}
