import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Log } from '../logging/index.js';

/** A request that is over: answered, or given up by its client. */
export interface FinishedRequest {
  readonly request: Request;
  readonly response: Response;
  readonly path: string;
  /** 499 where the client went away before the answer, as nginx has it. */
  readonly status: number;
  readonly ms: number;
}

type Observer = (finished: FinishedRequest) => void;

/** Told of every finished request. An observer that throws never fails a request. */
@Injectable()
export class RequestObservers {
  private readonly observers: Observer[] = [];

  constructor(private readonly log: Log) {}

  add(observer: Observer): void {
    this.observers.push(observer);
  }

  notify(finished: FinishedRequest): void {
    for (const observer of this.observers) {
      try {
        observer(finished);
      } catch (err) {
        this.log.lines.error({ err }, 'a request observer failed');
      }
    }
  }
}
