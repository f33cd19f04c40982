import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Counter, Gauge } from 'prom-client';
import type { Repository } from 'typeorm';
import { Histogram, Metrics } from '../../platform/metrics/index.js';
import { Job } from '../entities/job.entity.js';
import { type JobStatus, UNFINISHED_STATUSES } from '../job-status.js';

/** In seconds: from an import of a few rows to a job of hours. */
const DURATION_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400];

/** Prometheus metrics of jobs. The gauge counts the jobs of all processes, the others those of this process. */
@Injectable()
export class JobMetrics {
  private readonly durations;
  private readonly finished;
  private readonly retries;

  constructor(
    { registry }: Metrics,
    @InjectRepository(Job) private readonly jobs: Repository<Job>,
  ) {
    const registers = [registry];
    this.durations = new Histogram({
      name: 'job_duration_seconds',
      help: 'Time from the first start of a job to its end, in seconds',
      labelNames: ['kind', 'status'],
      buckets: DURATION_BUCKETS,
      registry,
    });
    this.finished = new Counter({
      name: 'jobs_ended_total',
      help: 'Finished jobs: succeeded, failed or cancelled',
      labelNames: ['kind', 'status'],
      registers,
    });
    this.retries = new Counter({
      name: 'job_retries_total',
      help: 'Postponed retries of jobs',
      labelNames: ['kind'],
      registers,
    });
    const count = (gauge: Gauge): Promise<void> => this.countUnfinished(gauge);
    const collect = function (this: Gauge): Promise<void> {
      return count(this);
    };
    new Gauge({
      name: 'jobs',
      help: 'Unfinished jobs: queued or running',
      labelNames: ['kind', 'status'],
      registers,
      collect,
    });
  }

  recordEnd(kind: string, status: JobStatus, startedAt: Date | null): void {
    this.finished.inc({ kind, status });
    if (startedAt) this.durations.labels(kind, status).observe((Date.now() - startedAt.getTime()) / 1_000);
  }

  recordRetry(kind: string): void {
    this.retries.inc({ kind });
  }

  private async countUnfinished(gauge: Gauge): Promise<void> {
    gauge.reset();
    const rows = await this.jobs
      .createQueryBuilder('job')
      .select(['job.kind AS kind', 'job.status AS status', 'COUNT(*) AS n'])
      .where('job.status IN (:...unfinished)', { unfinished: UNFINISHED_STATUSES })
      .groupBy('job.kind')
      .addGroupBy('job.status')
      .getRawMany<{ kind: string; status: string; n: string | number }>()
      // The other metrics must stay available while the database is not.
      .catch(() => []);
    for (const { kind, status, n } of rows) gauge.set({ kind, status }, Number(n));
  }
}
