import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Counter, Gauge } from 'prom-client';
import type { Repository } from 'typeorm';
import { Histogram, Metrics } from '../../platform/metrics/index.js';
import { Job } from '../entities/job.entity.js';
import { type JobStatus, OPEN_STATUSES } from '../job-status.js';

/** Seconds; from an import of a few rows to a night's work. */
const DURATION_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400];

/** What jobs do, for Prometheus. Those that are queued or running are those of all processes, the rest is this one's. */
@Injectable()
export class JobMetrics {
  private readonly durations;
  private readonly ends;
  private readonly retries;

  constructor(
    { registry }: Metrics,
    @InjectRepository(Job) private readonly jobs: Repository<Job>,
  ) {
    const registers = [registry];
    this.durations = new Histogram({
      name: 'job_duration_seconds',
      help: 'Time from when a job was begun to its end',
      labelNames: ['kind', 'status'],
      buckets: DURATION_BUCKETS,
      registry,
    });
    this.ends = new Counter({
      name: 'jobs_ended_total',
      help: 'Jobs that are over',
      labelNames: ['kind', 'status'],
      registers,
    });
    this.retries = new Counter({ name: 'job_retries_total', help: 'Jobs put off', labelNames: ['kind'], registers });
    const count = (gauge: Gauge): Promise<void> => this.countOpen(gauge);
    const collect = function (this: Gauge): Promise<void> {
      return count(this);
    };
    new Gauge({ name: 'jobs', help: 'Jobs that are not over', labelNames: ['kind', 'status'], registers, collect });
  }

  ended(kind: string, status: JobStatus, startedAt: Date | null): void {
    this.ends.inc({ kind, status });
    if (startedAt) this.durations.labels(kind, status).observe((Date.now() - startedAt.getTime()) / 1_000);
  }

  retried(kind: string): void {
    this.retries.inc({ kind });
  }

  private async countOpen(gauge: Gauge): Promise<void> {
    gauge.reset();
    const rows = await this.jobs
      .createQueryBuilder('job')
      .select(['job.kind AS kind', 'job.status AS status', 'COUNT(*) AS n'])
      .where('job.status IN (:...open)', { open: OPEN_STATUSES })
      .groupBy('job.kind')
      .addGroupBy('job.status')
      .getRawMany<{ kind: string; status: string; n: string | number }>()
      // The other figures are wanted even more while the database is away.
      .catch(() => []);
    for (const { kind, status, n } of rows) gauge.set({ kind, status }, Number(n));
  }
}
