import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Log } from '../logging/index.js';

declare module 'http' {
  interface ServerResponse {
    presence?: ClientPresence;
  }
}

const VALID_REQUEST_ID = /^[\w.:-]{1,128}$/;
const MAX_LOGGED_PATH = 2_048;
const CLIENT_CLOSED_REQUEST = 499;

/** A request that has ended: it has its response, or its client has closed the connection. */
export interface FinishedRequest {
  readonly request: Request;
  readonly response: Response;
  readonly path: string;
  /** 499, as in nginx, when the client closed the connection before the end of the response. */
  readonly status: number;
  readonly ms: number;
}

type BeginObserver = (response: Response) => void;
type EndObserver = (finished: FinishedRequest) => void;

/** Calls its observers at the beginning and at the end of every request. An observer that throws never fails a request. */
@Injectable()
export class RequestObservers {
  private readonly beginObservers: BeginObserver[] = [];
  private readonly endObservers: EndObserver[] = [];

  constructor(private readonly log: Log) {}

  /** Adds an observer of requests that have their id and have not reached any other middleware. */
  onBegin(observer: BeginObserver): void {
    this.beginObservers.push(observer);
  }

  onEnd(observer: EndObserver): void {
    this.endObservers.push(observer);
  }

  // Two loops instead of a shared one: each keeps its own inline caches in V8, on every request.
  notifyBegin(response: Response): void {
    for (const observer of this.beginObservers) {
      try {
        observer(response);
      } catch (err) {
        this.logFailure(err);
      }
    }
  }

  notifyEnd(finished: FinishedRequest): void {
    for (const observer of this.endObservers) {
      try {
        observer(finished);
      } catch (err) {
        this.logFailure(err);
      }
    }
  }

  private logFailure(err: unknown): void {
    this.log.lines.error({ err }, 'a request observer failed');
  }
}

/** Middleware that gives each request an id and notifies the observers of its beginning and its end. */
export function requestTracking(observers: RequestObservers) {
  // One listener for all responses, without a closure for each: `this` is the response.
  function closed(this: Response): void {
    const { req: request } = this;
    const status = this.writableFinished ? this.statusCode : CLIENT_CLOSED_REQUEST;
    const ms = performance.now() - request.startedAt;
    this.presence?.end(this.writableFinished);
    observers.notifyEnd({ request, response: this, path: pathOf(request.originalUrl), status, ms });
  }
  return (request: Request, response: Response, next: NextFunction): void => {
    request.startedAt = performance.now();
    const given = request.headers['x-request-id'];
    request.requestId = typeof given === 'string' && VALID_REQUEST_ID.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', request.requestId);
    response.on('close', closed);
    observers.notifyBegin(response);
    next();
  };
}

/** An observer that logs one line for each request that has ended. */
export function requestLogger(log: Log): EndObserver {
  return ({ request, path, status, ms }) => {
    const { requestId, method, memberId } = request;
    log.request({ requestId, method, path, status, ms: Math.round(ms * 100) / 100, memberId });
  };
}

/**
 * Signals that a client has disconnected before its response. It implements the part of `AbortSignal` that is needed here. An
 * `AbortSignal` takes longer to create.
 */
export class ClientPresence {
  private isDisconnected = false;
  private listeners: (() => void)[] = [];

  /** The signal of the client that waits for `response`. */
  static of(response: Response): ClientPresence {
    response.presence ??= new ClientPresence();
    if (response.closed) response.presence.end(response.writableFinished);
    return response.presence;
  }

  /**
   * Wraps `signal` for many listeners that come and go. An `AbortSignal` chains its listeners, removed ones included, and keeps
   * their closures in memory.
   */
  static until(signal: AbortSignal): ClientPresence {
    const presence = new ClientPresence();
    if (signal.aborted) presence.end(false);
    else signal.addEventListener('abort', () => presence.end(false), { once: true });
    return presence;
  }

  get aborted(): boolean {
    return this.isDisconnected;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners = this.listeners.filter((other) => other !== listener);
  }

  /** Converts it for APIs that need a real `AbortSignal`. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.isDisconnected) controller.abort();
    else this.addEventListener('abort', () => controller.abort());
    return controller.signal;
  }

  /** Must be called when the response is closed. Notifies the listeners unless the response was sent completely. */
  end(isAnswered: boolean): void {
    if (this.isDisconnected || isAnswered) return;
    this.isDisconnected = true;
    for (const listener of this.listeners) listener();
  }
}

/** Injects the `ClientPresence` of the client that waits for the response. */
export const DisconnectSignal = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ClientPresence.of(context.switchToHttp().getResponse<Response>()),
);

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end === -1 ? url : url.slice(0, end)).slice(0, MAX_LOGGED_PATH);
}
