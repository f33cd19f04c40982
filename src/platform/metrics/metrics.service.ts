import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { FinishedRequest } from '../http/index.js';
import { Histogram } from './histogram.js';

/** In seconds, from a fast prediction to a request that meets its deadline. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics of the process, in a registry of their own. Features add metrics to `registry`. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the start of a request to the end of its response, in seconds',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registry: this.registry,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Uses the route's pattern as label, not its path: the number of label values must be bounded. */
  readonly observeRequest = ({ request, status, ms }: FinishedRequest): void => {
    const route = (request.route as { path?: string } | undefined)?.path ?? 'none';
    this.requests.labels(request.method, route, String(status)).observe(ms / 1000);
  };
}
