import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';
import { IdentityService } from '../../auth/index.js';
import { Log } from '../../platform/logging/index.js';
import { JobDto } from '../dto/job.dto.js';
import { isFinished } from '../job-status.js';
import { TooManyStreamsError } from '../jobs.errors.js';
import { JobsRepository, type JobView } from '../jobs.repository.js';

/** Minimum interval between two events of a stream; changes in between are merged. */
const POLL_INTERVAL_MS = 200;
/** Interval of comments, which keep proxies from closing an idle stream and detect a broken connection. */
const KEEP_ALIVE_MS = 15_000;
const MAX_STREAMS_PER_MEMBER = 10;
/** Minimum interval between two checks of a follower's session or API key. */
const AUTH_CHECK_MS = 1_000;
/** Reconnection time that a browser is told (the field `retry`). */
const RETRY_MS = 2_000;

interface EventStream {
  readonly jobId: string;
  readonly followerId: string;
  readonly response: Response;
  /** Data of the last event. */
  lastData: string;
  /** Time of the last event or comment, in `performance.now()` time. */
  lastSentAt: number;
  /** Time of the last check of the session or API key. */
  authCheckedAt: number;
}

/**
 * Streams the state of jobs as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). One query a
 * few times a second reads all followed jobs, whichever process runs them; without streams there are no queries. A stream ends
 * with the session or the API key that opened it.
 */
@Injectable()
export class JobEvents implements OnModuleDestroy {
  private readonly streams = new Set<EventStream>();
  private timer: NodeJS.Timeout | undefined;
  private isPolling = false;
  private isStopping = false;

  constructor(
    private readonly jobs: JobsRepository,
    private readonly identity: IdentityService,
    private readonly log: Log,
  ) {}

  /** Open responses must not delay the shutdown. */
  onModuleDestroy(): void {
    this.isStopping = true;
    for (const stream of this.streams) this.end(stream);
  }

  /**
   * Responds with the job's current state, and with each change until the job finishes.
   *
   * @throws TooManyStreamsError
   */
  follow(job: JobView, followerId: string, response: Response): void {
    // The event `close` has fired already: it would never remove the stream.
    if (response.closed) return;
    const own = [...this.streams].filter((stream) => stream.followerId === followerId);
    if (own.length >= MAX_STREAMS_PER_MEMBER) throw new TooManyStreamsError(MAX_STREAMS_PER_MEMBER);
    response.status(200);
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    // Turns off buffering in nginx and the like.
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    const authCheckedAt = performance.now();
    const stream: EventStream = { jobId: job.id, followerId, response, lastData: '', lastSentAt: 0, authCheckedAt };
    this.streams.add(stream);
    response.once('close', () => this.removeStream(stream));
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.send(stream, job);
    if (this.isStopping) this.end(stream);
    else this.timer ??= setInterval(() => void this.poll(), POLL_INTERVAL_MS);
  }

  private async poll(): Promise<void> {
    if (this.isPolling) return;
    this.isPolling = true;
    try {
      await this.sendChanges([...this.streams]);
    } catch (err) {
      // The streams stay open until the database is back.
      this.log.lines.debug({ err }, 'looking up followed jobs failed');
    } finally {
      this.isPolling = false;
    }
  }

  private async sendChanges(streams: readonly EventStream[]): Promise<void> {
    const found = await this.jobs.findViews([...new Set(streams.map(({ jobId }) => jobId))]);
    const byId = new Map(found.map((job) => [job.id, job]));
    for (const stream of streams) {
      const job = byId.get(stream.jobId);
      if (job && (await this.isAuthorized(stream))) this.send(stream, job);
      else this.end(stream);
    }
  }

  private async isAuthorized(stream: EventStream): Promise<boolean> {
    const now = performance.now();
    if (now - stream.authCheckedAt < AUTH_CHECK_MS) return true;
    stream.authCheckedAt = now;
    return this.identity.isStillAuthenticated(stream.response.req);
  }

  private send(stream: EventStream, job: JobView): void {
    const { response } = stream;
    // A slow client skips states: it gets the current one once its buffer is drained.
    if (response.writableNeedDrain || response.writableEnded) return;
    const data = JSON.stringify(JobDto.of(job));
    const now = performance.now();
    if (data !== stream.lastData) response.write(`event: progress\ndata: ${data}\n\n`);
    else if (now - stream.lastSentAt >= KEEP_ALIVE_MS) response.write(':\n\n');
    else return;
    stream.lastData = data;
    stream.lastSentAt = now;
    if (isFinished(job.status)) this.end(stream);
  }

  private end(stream: EventStream): void {
    stream.response.end();
    this.removeStream(stream);
  }

  private removeStream(stream: EventStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
