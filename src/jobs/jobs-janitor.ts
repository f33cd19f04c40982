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
import { filesOf, JobsRepository } from './jobs.repository.js';
import { JobsSettings } from './jobs.settings.js';

const INTERVAL_MS = 60_000;
const AT_ONCE = 50;

/** Removes jobs that have been over for JOBS_KEEP_DAYS, with what is stored for them. Several processes may do so at once. */
@Injectable()
export class JobsJanitor implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(INTERVAL_MS, () => this.round());

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

  private async round(): Promise<void> {
    try {
      while (!this.task.isStopping && (await this.removeSome()) === AT_ONCE);
    } catch (err) {
      this.log.lines.warn({ err }, 'old jobs were not removed');
    }
  }

  /** Answers how many there were. */
  private async removeSome(): Promise<number> {
    const old = await this.jobs.findOver(new Date(Date.now() - this.settings.keepMs), AT_ONCE);
    if (old.length === 0) return 0;
    await this.unitOfWork.run(async (manager) => {
      for (const job of old) {
        if (await this.jobs.remove(manager, job.id)) await this.files.release(manager, filesOf(job));
      }
    });
    this.log.lines.info({ jobs: old.length }, 'old jobs removed');
    return old.length;
  }
}
