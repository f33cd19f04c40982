import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { UnitOfWork } from '../platform/database/index.js';
import { Log } from '../platform/logging/index.js';
import { PeriodicTask } from '../platform/async/index.js';
import { FileStore } from '../platform/storage/index.js';
import { fileIdsOf, JobsRepository } from './jobs.repository.js';
import { JobsSettings } from './jobs.settings.js';

const INTERVAL_MS = 60_000;
const BATCH_SIZE = 50;

/** Removes jobs that finished more than JOBS_KEEP_DAYS ago, and their files. Safe to run in several processes at once. */
@Injectable()
export class JobsJanitor implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(INTERVAL_MS, () => this.run());

  constructor(
    private readonly jobs: JobsRepository,
    private readonly files: FileStore,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: JobsSettings,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  onModuleDestroy(): void {
    this.task.stop();
  }

  /** The database is closed after this. */
  beforeApplicationShutdown(): Promise<void> {
    return this.task.finished();
  }

  private async run(): Promise<void> {
    try {
      while (!this.task.isStopping && (await this.removeBatch()) === BATCH_SIZE);
    } catch (err) {
      this.log.lines.warn({ err }, 'old jobs were not removed');
    }
  }

  /** @returns the number of jobs found */
  private async removeBatch(): Promise<number> {
    const old = await this.jobs.findFinishedBefore(new Date(Date.now() - this.settings.retentionMs), BATCH_SIZE);
    if (old.length === 0) return 0;
    await this.unitOfWork.run(async (manager) => {
      for (const job of old) {
        if (await this.jobs.delete(manager, job.id)) await this.files.release(manager, fileIdsOf(job));
      }
    });
    this.log.lines.info({ jobs: old.length }, 'old jobs removed');
    return old.length;
  }
}
