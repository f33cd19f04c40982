import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountSections, WithdrawalHooks } from '../auth/index.js';
import { SettingsModule } from '../platform/config/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { JobEvents } from './results/job-events.js';
import { JobResults } from './results/job-results.js';
import { Job } from './entities/job.entity.js';
import { JobsController } from './jobs.controller.js';
import { JobsJanitor } from './jobs-janitor.js';
import { JobsRepository } from './jobs.repository.js';
import { JobsService } from './jobs.service.js';
import { JobsSettings } from './jobs.settings.js';
import { JobPagesController } from './pages/job-pages.controller.js';
import { jobsSection } from './pages/jobs-section.js';
import { DatabaseJobQueue } from './runner/database-job-queue.js';
import { JobHandlers } from './runner/job-handlers.js';
import { JobMetrics } from './runner/job-metrics.js';
import { JobQueue } from './runner/job-queue.js';
import { JobRunner } from './runner/job-runner.js';

/** Number of jobs on the account page. */
const ACCOUNT_PAGE_JOBS = 20;

/** Background jobs that survive a restart, in the database. Global: every feature may enqueue. */
@Global()
@Module({
  imports: [SettingsModule.forFeature(JobsSettings), TypeOrmModule.forFeature([Job]), DiscoveryModule],
  controllers: [JobsController, JobPagesController],
  providers: [
    JobEvents,
    JobHandlers,
    JobMetrics,
    JobResults,
    JobRunner,
    JobsService,
    JobsJanitor,
    JobsRepository,
    { provide: JobQueue, useClass: DatabaseJobQueue },
  ],
  exports: [JobsService],
})
export class JobsModule implements OnModuleInit {
  constructor(
    private readonly jobs: JobsService,
    private readonly withdrawals: WithdrawalHooks,
    private readonly sections: AccountSections,
    private readonly handlers: JobHandlers,
    openApi: OpenApiService,
  ) {
    openApi.contribute(({ tags }) => tags?.push({ name: 'jobs', description: 'Background jobs' }));
  }

  onModuleInit(): void {
    this.withdrawals.register((memberId, manager) => this.jobs.removeOfMember(memberId, manager));
    this.sections.register(async (id) => {
      const { items, nextCursor } = await this.jobs.list({ id }, ACCOUNT_PAGE_JOBS);
      const hasCsv = (kind: string): boolean => this.handlers.find(kind)?.toCsv !== undefined;
      return jobsSection({ jobs: items, isComplete: nextCursor === null, hasCsv });
    });
  }
}
