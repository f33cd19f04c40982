import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';
import { IdentityService } from '../../auth/index.js';
import { Log } from '../../platform/logging/index.js';
import { JobDto } from '../dto/job.dto.js';
import { isOpen } from '../job-status.js';
import { TooManyStreamsError } from '../jobs.errors.js';
import { JobsRepository, type JobView } from '../jobs.repository.js';

/** At most so often is a change told; what is between is left out. */
const ROUND_MS = 200;
/** A comment at least so often keeps proxies from closing what looks idle, and finds out who has gone. */
const ALIVE_MS = 15_000;
const PER_MEMBER = 10;
/** Whether a follower is still logged in is asked at most so often. */
const ASK_MS = 1_000;
/** How long a browser waits before it asks again, where the connection broke. */
const RETRY_MS = 2_000;

/** Somebody who follows a job. */
interface Stream {
  readonly jobId: string;
  readonly followerId: string;
  readonly response: Response;
  told: string;
  toldAt: number;
  /** When it was last known that they are still logged in. */
  knownAt: number;
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) with the state of jobs. All that are
 * followed are looked up together, a few times a second, wherever they run: what nobody follows costs nothing. A stream ends
 * with the session, or the API key, that opened it.
 */
@Injectable()
export class JobEvents implements OnModuleDestroy {
  private readonly streams = new Set<Stream>();
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isStopping = false;

  constructor(
    private readonly jobs: JobsRepository,
    private readonly identity: IdentityService,
    private readonly log: Log,
  ) {}

  /** An answer must not keep the application from stopping. */
  onModuleDestroy(): void {
    this.isStopping = true;
    for (const stream of this.streams) this.end(stream);
  }

  /**
   * Answers with the job as it is, and then with each change, until it is over.
   *
   * @throws TooManyStreamsError
   */
  follow(job: JobView, followerId: string, response: Response): void {
    // Who has gone meanwhile does not do so again.
    if (response.closed) return;
    const own = [...this.streams].filter((stream) => stream.followerId === followerId);
    if (own.length >= PER_MEMBER) throw new TooManyStreamsError(PER_MEMBER);
    response.status(200);
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    // Some proxies would collect the events otherwise.
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    const knownAt = performance.now();
    const stream: Stream = { jobId: job.id, followerId, response, told: '', toldAt: 0, knownAt };
    this.streams.add(stream);
    response.once('close', () => this.forget(stream));
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.tell(stream, job);
    if (this.isStopping) this.end(stream);
    else this.timer ??= setInterval(() => void this.round(), ROUND_MS);
  }

  private async round(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.look([...this.streams]);
    } catch (err) {
      // They are told when the database is back.
      this.log.lines.debug({ err }, 'followed jobs cannot be looked up');
    } finally {
      this.isLooking = false;
    }
  }

  private async look(streams: readonly Stream[]): Promise<void> {
    const found = await this.jobs.findViews([...new Set(streams.map(({ jobId }) => jobId))]);
    const byId = new Map(found.map((job) => [job.id, job]));
    for (const stream of streams) {
      const job = byId.get(stream.jobId);
      if (job && (await this.maySee(stream))) this.tell(stream, job);
      else this.end(stream);
    }
  }

  private async maySee(stream: Stream): Promise<boolean> {
    const now = performance.now();
    if (now - stream.knownAt < ASK_MS) return true;
    stream.knownAt = now;
    return this.identity.isStillAuthenticated(stream.response.req);
  }

  private tell(stream: Stream, job: JobView): void {
    const { response } = stream;
    // A client that does not keep up gets what is true when it does.
    if (response.writableNeedDrain || response.writableEnded) return;
    const text = JSON.stringify(JobDto.of(job));
    const now = performance.now();
    if (text !== stream.told) response.write(`event: progress\ndata: ${text}\n\n`);
    else if (now - stream.toldAt >= ALIVE_MS) response.write(':\n\n');
    else return;
    stream.told = text;
    stream.toldAt = now;
    if (!isOpen(job.status)) this.end(stream);
  }

  private end(stream: Stream): void {
    stream.response.end();
    this.forget(stream);
  }

  private forget(stream: Stream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
