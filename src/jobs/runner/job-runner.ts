import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ErrorTranslators, HttpSettings } from '../../platform/http/index.js';
import { Log } from '../../platform/logging/index.js';
import { PeriodicTask } from '../../platform/async/index.js';
import type { JobErrorDto } from '../dto/job.dto.js';
import { JobsSettings } from '../jobs.settings.js';
import { JobHandlers } from './job-handlers.js';
import { LEASE_ABANDON_AFTER_MS, LEASE_RENEWAL_INTERVAL_MS } from './job-lease.js';
import { JobMetrics } from './job-metrics.js';
import { type ClaimedJob, type JobOutcome, JobQueue } from './job-queue.js';
import { LeasedJob } from './leased-job.js';
import {
  decideRetry,
  MAX_ATTEMPTS_WITHOUT_PROGRESS,
  maxAttemptsExceeded,
  missingHandler,
  type RetryHistory,
} from './retry-policy.js';

/** Interval of the search for due jobs, and for leases lost to other processes. */
const POLL_INTERVAL_MS = 1_000;

/** Claims due jobs, runs up to JOBS_AT_ONCE of them concurrently, and keeps their leases. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  /** Each job with the promise of its end. */
  private readonly running = new Map<LeasedJob, Promise<void>>();
  private readonly task = new PeriodicTask(POLL_INTERVAL_MS, () => this.poll());
  private isPollFailing = false;
  /** Deadline for stopping jobs, in `performance.now()` time. */
  private stopBy = Infinity;

  constructor(
    private readonly queue: JobQueue,
    private readonly handlers: JobHandlers,
    private readonly settings: JobsSettings,
    private readonly http: HttpSettings,
    private readonly translators: ErrorTranslators,
    private readonly metrics: JobMetrics,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.recoverAbandoned();
    this.task.start();
  }

  /** Tells running jobs to stop; they resume after the next start. */
  onModuleDestroy(): void {
    this.task.stop();
    this.stopBy = performance.now() + this.http.shutdownGraceMs;
    for (const job of this.running.keys()) job.stop();
  }

  /** The database is closed after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.finished();
    const timer = new AbortController();
    const leftMs = Math.max(0, this.stopBy - performance.now());
    const grace = delay(leftMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.running.values()), grace]);
    timer.abort();
  }

  /** Looks for due jobs now, or after the current search. */
  wake(): void {
    this.task.wake();
  }

  /** Takes the leases of matching jobs away: they have been cancelled or removed. */
  revoke(matches: (job: LeasedJob) => boolean): void {
    for (const job of this.running.keys()) if (matches(job)) job.lose();
  }

  private async poll(): Promise<void> {
    await this.keepAndClaim().then(
      () => this.logPollState(false),
      (err: unknown) => this.logPollState(true, err),
    );
  }

  /** Logs changes only, instead of an error each second. */
  private logPollState(isFailing: boolean, err?: unknown): void {
    if (isFailing && !this.isPollFailing) this.log.lines.warn({ err }, 'looking for jobs failed');
    if (!isFailing && this.isPollFailing) this.log.lines.info('looking for jobs works again');
    this.isPollFailing = isFailing;
  }

  private async keepAndClaim(): Promise<void> {
    await this.keepLeases();
    while (this.running.size < this.settings.concurrency && !this.task.isStopping) {
      const claim = await this.queue.claim();
      if (!claim) return;
      this.start(claim);
    }
  }

  /** Renews valid leases, and abandons the jobs of lost ones. */
  private async keepLeases(): Promise<void> {
    const jobs = [...this.running.keys()];
    if (jobs.length === 0) return;
    try {
      const valid = await this.queue.findValid(jobs.map(({ claim }) => claim));
      for (const job of jobs) if (!valid.has(job.claim) || !(await this.renewIfDue(job))) job.lose();
    } finally {
      for (const job of jobs) if (performance.now() - job.renewedAt > LEASE_ABANDON_AFTER_MS) job.lose();
    }
  }

  private async renewIfDue(job: LeasedJob): Promise<boolean> {
    const now = performance.now();
    if (now - job.renewedAt < LEASE_RENEWAL_INTERVAL_MS) return true;
    const isValid = await this.queue.renew(job.claim);
    if (isValid) job.renewedAt = now;
    return isValid;
  }

  private start(claim: ClaimedJob): void {
    const job = new LeasedJob(claim, this.queue);
    if (this.task.isStopping) job.stop();
    const ended = this.run(job).finally(() => {
      this.running.delete(job);
      this.wake();
    });
    this.running.set(job, ended);
  }

  /** Never rejects: if its end cannot be written, the lease expires, and the job is claimed again. */
  private async run(job: LeasedJob): Promise<void> {
    const { attemptsWithoutProgress, kind } = job.claim;
    this.logJob('info', job, 'job started', { attemptsWithoutProgress });
    try {
      const handler = this.handlers.find(kind);
      if (!handler) await this.fail(job, missingHandler(kind));
      else if (attemptsWithoutProgress > MAX_ATTEMPTS_WITHOUT_PROGRESS) {
        await this.fail(job, maxAttemptsExceeded());
      } else await this.attempt(job, () => handler.run(job));
    } catch (err) {
      this.logJob('warn', job, 'job could not be ended', { err });
    }
  }

  private async attempt(job: LeasedJob, work: () => Promise<void>): Promise<void> {
    try {
      job.signal.throwIfAborted();
      await work();
      // A handler that returns after it was told to stop has not finished the job.
      job.signal.throwIfAborted();
    } catch (error) {
      if (job.isLost) this.logJob('info', job, 'job lost');
      else if (job.signal.aborted) await this.returnToQueue(job);
      else await this.retryOrFail(job, error);
      return;
    }
    await this.finish(job, { status: 'succeeded' });
  }

  /** For a stop of the application: the job resumes at the next start. */
  private async returnToQueue(job: LeasedJob): Promise<void> {
    const attempts = job.hasProgress ? 0 : job.claim.attempts;
    await this.queue.postpone(job.claim, { until: new Date(), attempts });
    this.logJob('info', job, 'job returned to the queue');
  }

  private async retryOrFail(job: LeasedJob, thrown: unknown): Promise<void> {
    const error = this.translators.translate(thrown) ?? thrown;
    const decision = decideRetry(error, retryHistoryOf(job));
    if ('failure' in decision) return this.fail(job, decision.failure, thrown);
    const { attempts, delayMs } = decision;
    const until = new Date(Date.now() + delayMs);
    const isValid = await this.queue.postpone(job.claim, { until, attempts });
    this.metrics.recordRetry(job.claim.kind);
    this.logJob('warn', job, isValid ? 'job postponed' : 'job lost', { err: thrown, attempts, until });
  }

  private fail(job: LeasedJob, error: JobErrorDto, err?: unknown): Promise<void> {
    return this.finish(job, { status: 'failed', error }, err);
  }

  private async finish(job: LeasedJob, outcome: JobOutcome, err?: unknown): Promise<void> {
    const { kind, startedAt } = job.claim;
    if (!(await this.queue.finish(job.claim, outcome))) {
      this.logJob('info', job, 'job lost');
      return;
    }
    this.metrics.recordEnd(kind, outcome.status, startedAt);
    const seconds = (Date.now() - startedAt.getTime()) / 1_000;
    const code = outcome.status === 'failed' ? outcome.error.code : undefined;
    this.logJob(code === undefined ? 'info' : 'warn', job, 'job ended', { status: outcome.status, code, seconds, err });
  }

  private logJob(level: 'info' | 'warn', { claim }: LeasedJob, message: string, details: object = {}): void {
    const { id, kind, memberId } = claim;
    this.log.lines[level]({ jobId: id, kind, memberId, ...details }, message);
  }
}

/** Excludes the time in the queue, and the time in which no runner was up. */
function retryHistoryOf({ claim, hasProgress }: LeasedJob): RetryHistory {
  if (hasProgress) return { attempts: 0, since: Date.now() };
  return { attempts: claim.attempts, since: claim.savedAt.getTime() };
}
