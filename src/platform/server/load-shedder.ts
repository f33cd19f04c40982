import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { ProblemFilter } from '../http/index.js';
import { Log } from '../logging/index.js';
import { ConnectionGate } from './connection-gate.js';
import { ConnectionTracker } from './connection-tracker.js';
import { LogThrottle } from './log-throttle.js';
import { isProbe } from './probes.js';
import { ServerOverloadedError } from './server-errors.js';
import { ServerSettings } from './server.settings.js';

/** Time for which requests are admitted, one after another, before the event loop polls the connections again. */
const BUDGET_MS = 25;
/** The same while new connections are being accepted. */
const ACCEPTING_BUDGET_MS = 0.2;

/** A request in the queue. */
interface PendingRequest {
  readonly request: Request;
  readonly response: Response;
  readonly next: NextFunction;
}

/**
 * Keeps the process responsive under overload. Node handles all requests that have arrived before it polls for others, which
 * takes long with many connections. In each iteration of the event loop, requests that come after its first 25 ms wait in a
 * FIFO queue. The queue is admitted a batch at a time, and health probes are answered between batches. A request is rejected
 * if it would wait for longer than `OVERLOAD_MS`, or if `REQUEST_CAPACITY` requests are in flight. Below that load, a request
 * costs no more than a comparison.
 *
 * Node accepts one connection in each iteration of the event loop (libuv since 1.45). Iterations are therefore short while
 * connections come: otherwise each new connection would wait for all requests on the connections before it.
 */
@Injectable()
export class LoadShedder {
  private readonly queue: PendingRequest[] = [];
  /** Time of the first request in this iteration, or since the queue is not empty; 0 if there has been none. */
  private iterationStart = 0;
  private budgetMs = BUDGET_MS;
  /** Number of connections accepted before this iteration. */
  private acceptedBefore = 0;
  private rejected = 0;
  private readonly throttle = new LogThrottle();

  constructor(
    private readonly settings: ServerSettings,
    private readonly connections: ConnectionTracker,
    private readonly connectionGate: ConnectionGate,
    private readonly filter: ProblemFilter,
    private readonly log: Log,
  ) {}

  /** Admits a request, now or later, or rejects it. */
  admit(request: Request, response: Response, next: NextFunction): void {
    const now = request.startedAt;
    if (this.iterationStart === 0) this.startIteration(now);
    const isOverCapacity = this.connections.inFlight.size > this.settings.requestCapacity;
    const isWithinBudget = this.queue.length === 0 && now - this.iterationStart < this.budgetMs;
    if ((isWithinBudget && !isOverCapacity) || isProbe(request.url)) next();
    else if (isOverCapacity || this.isOverdue(this.queue[0]?.request, now)) this.reject(request, response);
    else this.queue.push({ request, response, next });
  }

  private startIteration(now: number): void {
    this.iterationStart = now;
    this.updateBudget();
    setImmediate(this.endIteration);
  }

  private readonly endIteration = (): void => {
    if (this.queue.length > 0) this.startBatch();
    else this.iterationStart = 0;
  };

  private readonly startBatch = (): void => {
    this.updateBudget();
    if (this.budgetMs === 0) setImmediate(this.startBatch);
    else this.admitUntil(performance.now() + this.budgetMs);
  };

  private updateBudget(): void {
    const { accepted } = this.connections;
    if (this.connectionGate.isBurstInProgress) this.budgetMs = 0;
    else this.budgetMs = accepted === this.acceptedBefore ? BUDGET_MS : ACCEPTING_BUDGET_MS;
    this.acceptedBefore = accepted;
  }

  /** Admits one request after another, each when the one before has run until its first asynchronous wait. */
  private admitUntil(deadline: number): void {
    const now = performance.now();
    const pending = this.queue.shift();
    if (pending) this.admitPending(pending, now);
    if (this.queue.length === 0) this.iterationStart = 0;
    else if (now >= deadline) setImmediate(this.startBatch);
    // A tick runs after all microtasks, and before timers and I/O.
    else queueMicrotask(() => process.nextTick(() => this.admitUntil(deadline)));
  }

  private admitPending({ request, response, next }: PendingRequest, now: number): void {
    // The client has closed the connection.
    if (response.closed) return;
    if (this.isOverdue(request, now)) this.reject(request, response);
    else next();
  }

  private isOverdue(request: Request | undefined, now: number): boolean {
    return request !== undefined && now - request.startedAt > this.settings.overloadMs;
  }

  private reject(request: Request, response: Response): void {
    this.logRejection();
    this.filter.answer(new ServerOverloadedError(), request, response);
  }

  private logRejection(): void {
    this.rejected += 1;
    if (!this.throttle.shouldLog()) return;
    const { rejected, connections, queue } = this;
    const details = { refused: rejected, inFlight: connections.inFlight.size, waiting: queue.length };
    this.log.lines.warn(details, 'overloaded: requests are refused');
    this.rejected = 0;
  }
}
