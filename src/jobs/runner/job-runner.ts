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
import { HeldJob } from './held-job.js';
import { JobHandlers } from './job-handlers.js';
import { JobMetrics } from './job-metrics.js';
import { type ClaimedJob, JobQueue, type Outcome } from './job-queue.js';
import { judge, MAX_FRUITLESS, noHandler, type Tries, wornOut } from './next-try.js';

/** How often there is a look for jobs, and for those that were cancelled elsewhere. */
const INTERVAL_MS = 1_000;
const EXTEND_MS = 3_000;
/** A hold that could not be extended for so long may be somebody else's by now. */
const HOLD_MS = 12_000;

/** Does jobs, a few at a time, beside whatever else the process does. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly held = new Map<HeldJob, Promise<void>>();
  private readonly task = new PeriodicTask(INTERVAL_MS, () => this.round());
  private hasTrouble = false;
  /** Until when jobs that are to stop are waited for, as `performance.now()` counts. */
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
    await this.queue.takeOver();
    this.task.start();
  }

  /** What runs is told to stop, and goes on after the next start. */
  onModuleDestroy(): void {
    this.task.stop();
    this.stopBy = performance.now() + this.http.shutdownGraceMs;
    for (const job of this.held.keys()) job.stop();
  }

  /** The database is closed after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.finished();
    const enough = new AbortController();
    const leftMs = Math.max(0, this.stopBy - performance.now());
    const grace = delay(leftMs, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.held.values()), grace]);
    enough.abort();
  }

  /** There may be something to do. */
  wake(): void {
    this.task.wake();
  }

  /** These are not to be done any more. */
  lose(isMeant: (job: HeldJob) => boolean): void {
    for (const job of this.held.keys()) if (isMeant(job)) job.lose();
  }

  private async round(): Promise<void> {
    await this.look().then(
      () => this.note(false),
      (err: unknown) => this.note(true, err),
    );
  }

  /** Said once, and not each second. */
  private note(hasTrouble: boolean, err?: unknown): void {
    if (hasTrouble && !this.hasTrouble) this.log.lines.warn({ err }, 'jobs cannot be looked for');
    if (!hasTrouble && this.hasTrouble) this.log.lines.info('jobs are looked for again');
    this.hasTrouble = hasTrouble;
  }

  private async look(): Promise<void> {
    await this.keepHolds();
    while (this.held.size < this.settings.atOnce && !this.task.isStopping) {
      const claim = await this.queue.claim();
      if (!claim) return;
      this.begin(claim);
    }
  }

  /** Extends what is held, and lets go of what is not any more. */
  private async keepHolds(): Promise<void> {
    const jobs = [...this.held.keys()];
    if (jobs.length === 0) return;
    try {
      const held = await this.queue.findHeld(jobs.map(({ claim }) => claim));
      for (const job of jobs) if (!held.has(job.claim) || !(await this.extend(job))) job.lose();
    } finally {
      for (const job of jobs) if (performance.now() - job.extendedAt > HOLD_MS) job.lose();
    }
  }

  private async extend(job: HeldJob): Promise<boolean> {
    const now = performance.now();
    if (now - job.extendedAt < EXTEND_MS) return true;
    const isHeld = await this.queue.extend(job.claim);
    if (isHeld) job.extendedAt = now;
    return isHeld;
  }

  private begin(claim: ClaimedJob): void {
    const job = new HeldJob(claim, this.queue);
    if (this.task.isStopping) job.stop();
    const ended = this.do(job).finally(() => {
      this.held.delete(job);
      this.wake();
    });
    this.held.set(job, ended);
  }

  /** Never throws: where nothing can be written, the hold runs out, and the job is taken up again. */
  private async do(job: HeldJob): Promise<void> {
    const { fruitless, kind } = job.claim;
    this.say('info', job, 'job started', { fruitless });
    try {
      const handler = this.handlers.of(kind);
      if (!handler) await this.fail(job, noHandler(kind));
      else if (fruitless > MAX_FRUITLESS) await this.fail(job, wornOut(MAX_FRUITLESS));
      else await this.attempt(job, () => handler.run(job));
    } catch (err) {
      this.say('warn', job, 'job could not be ended', { err });
    }
  }

  private async attempt(job: HeldJob, work: () => Promise<void>): Promise<void> {
    try {
      job.signal.throwIfAborted();
      await work();
      // A handler that was told to stop, and did, has not done all.
      job.signal.throwIfAborted();
    } catch (error) {
      if (job.isLost) this.say('info', job, 'job lost');
      else if (job.signal.aborted) await this.leave(job);
      else await this.settle(job, error);
      return;
    }
    await this.finish(job, { status: 'succeeded' });
  }

  /** The application stops. */
  private async leave(job: HeldJob): Promise<void> {
    const attempts = job.hasSaved ? 0 : job.claim.attempts;
    await this.queue.postpone(job.claim, { until: new Date(), attempts });
    this.say('info', job, 'job left for the next start');
  }

  private async settle(job: HeldJob, thrown: unknown): Promise<void> {
    const error = this.translators.translate(thrown) ?? thrown;
    const verdict = judge(error, triesOf(job));
    if ('failure' in verdict) return this.fail(job, verdict.failure, thrown);
    const until = new Date(Date.now() + verdict.delayMs);
    const isHeld = await this.queue.postpone(job.claim, { until, attempts: verdict.attempts });
    this.metrics.retried(job.claim.kind);
    this.say('warn', job, isHeld ? 'job put off' : 'job lost', { err: thrown, attempts: verdict.attempts, until });
  }

  private fail(job: HeldJob, error: JobErrorDto, err?: unknown): Promise<void> {
    return this.finish(job, { status: 'failed', error }, err);
  }

  private async finish(job: HeldJob, outcome: Outcome, err?: unknown): Promise<void> {
    const { kind, startedAt } = job.claim;
    if (!(await this.queue.finish(job.claim, outcome))) {
      this.say('info', job, 'job lost');
      return;
    }
    this.metrics.ended(kind, outcome.status, startedAt);
    const seconds = (Date.now() - startedAt.getTime()) / 1_000;
    const code = outcome.status === 'failed' ? outcome.error.code : undefined;
    this.say(code === undefined ? 'info' : 'warn', job, 'job ended', { status: outcome.status, code, seconds, err });
  }

  private say(level: 'info' | 'warn', { claim }: HeldJob, message: string, details: object = {}): void {
    const { id, kind, memberId } = claim;
    this.log.lines[level]({ jobId: id, kind, memberId, ...details }, message);
  }
}

/** Time in the queue does not count, nor that for which nobody did jobs. */
function triesOf({ claim, hasSaved }: HeldJob): Tries {
  if (hasSaved) return { attempts: 0, since: Date.now() };
  return { attempts: claim.attempts, since: claim.savedAt.getTime() };
}
