import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Log } from '../logging/index.js';
import { ProblemFilter } from '../http/index.js';
import { Arrivals } from './connection-gate.js';
import { isProbe } from './probes.js';
import { ServerOverloadedError } from './server-errors.js';
import { ServerSettings } from './server.settings.js';
import { Traffic } from './connection-tracker.js';

/** How long requests are taken up one after another before the connections are looked at again. */
const TURN_MS = 25;
/** The same where the last turn took on a connection. */
const ACCEPTING_TURN_MS = 0.2;
/** The log has a line of what was refused at most this often. */
const NOTE_MS = 10_000;

/** A request that waits for its turn. */
interface Visitor {
  readonly request: Request;
  readonly response: Response;
  readonly next: NextFunction;
}

/**
 * Keeps the process answering when more is asked than it can do. Node takes up all requests that have arrived before it looks
 * for others, and with many connections that takes long. Here the requests of one turn of the event loop that come after its
 * first 25 ms wait, in their order, and are taken up a few at a time, between which health probes are answered. Where
 * they would have to wait for longer than `OVERLOAD_MS`, or where `REQUEST_CAPACITY` of them are under way, they are
 * refused. Below that much of a load no request pays for this with more than a comparison.
 *
 * Node takes on one connection each turn, however many wait for it (libuv since 1.45). So while they come, turns are short:
 * else each new one would wait for everything that all those before it ask.
 */
@Injectable()
export class Admission {
  private readonly waiting: Visitor[] = [];
  /** When this turn, or the first of those since which somebody waits, took up its first request; 0 where it has not. */
  private turnBegan = 0;
  private turnMs = TURN_MS;
  /** How many connections there had been when this turn began. */
  private connections = 0;
  private refused = 0;
  private notedAt = -Infinity;

  constructor(
    private readonly settings: ServerSettings,
    private readonly traffic: Traffic,
    private readonly arrivals: Arrivals,
    private readonly filter: ProblemFilter,
    private readonly log: Log,
  ) {}

  /** Lets a request in, now or later, or refuses it. */
  admit(request: Request, response: Response, next: NextFunction): void {
    const now = request.startedAt;
    if (this.turnBegan === 0) this.beginTurn(now);
    const isTooMuch = this.traffic.inFlight.size > this.settings.requestCapacity;
    const isInTime = this.waiting.length === 0 && now - this.turnBegan < this.turnMs;
    if ((isInTime && !isTooMuch) || isProbe(request.url)) next();
    else if (isTooMuch || this.isLate(this.waiting[0]?.request, now)) this.refuse(request, response);
    else this.waiting.push({ request, response, next });
  }

  private beginTurn(now: number): void {
    this.turnBegan = now;
    this.setLength();
    setImmediate(this.endTurn);
  }

  private readonly endTurn = (): void => {
    if (this.waiting.length > 0) this.beginShift();
    else this.turnBegan = 0;
  };

  private readonly beginShift = (): void => {
    this.setLength();
    if (this.turnMs === 0) setImmediate(this.beginShift);
    else this.letIn(performance.now() + this.turnMs);
  };

  private setLength(): void {
    const { accepted } = this.traffic;
    if (this.arrivals.areComing) this.turnMs = 0;
    else this.turnMs = accepted === this.connections ? TURN_MS : ACCEPTING_TURN_MS;
    this.connections = accepted;
  }

  /** Lets in one after the other, each once the one before has done all that it could do without waiting. */
  private letIn(until: number): void {
    const now = performance.now();
    const visitor = this.waiting.shift();
    if (visitor) this.takeUp(visitor, now);
    if (this.waiting.length === 0) this.turnBegan = 0;
    else if (now >= until) setImmediate(this.beginShift);
    // A tick comes after all microtasks, and before anything else.
    else queueMicrotask(() => process.nextTick(() => this.letIn(until)));
  }

  private takeUp({ request, response, next }: Visitor, now: number): void {
    // Whose client has gone needs no answer.
    if (response.closed) return;
    if (this.isLate(request, now)) this.refuse(request, response);
    else next();
  }

  private isLate(request: Request | undefined, now: number): boolean {
    return request !== undefined && now - request.startedAt > this.settings.overloadMs;
  }

  private refuse(request: Request, response: Response): void {
    this.note();
    this.filter.answer(new ServerOverloadedError(), request, response);
  }

  private note(): void {
    this.refused += 1;
    const now = performance.now();
    if (now - this.notedAt < NOTE_MS) return;
    this.notedAt = now;
    const details = { refused: this.refused, inFlight: this.traffic.inFlight.size, waiting: this.waiting.length };
    this.log.lines.warn(details, 'overloaded: requests are refused');
    this.refused = 0;
  }
}
