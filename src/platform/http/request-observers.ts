import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Log } from '../logging/index.js';

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

  notifyBegin(response: Response): void {
    this.notify(this.beginObservers, response);
  }

  notifyEnd(finished: FinishedRequest): void {
    this.notify(this.endObservers, finished);
  }

  private notify<T>(observers: readonly ((event: T) => void)[], event: T): void {
    for (const observer of observers) {
      try {
        observer(event);
      } catch (err) {
        this.log.lines.error({ err }, 'a request observer failed');
      }
    }
  }
}
