import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { FinishedRequest } from '../http/index.js';

/** In seconds, from a fast prediction to a request that meets its deadline. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly registry: Registry;
}

/** The observations of one combination of labels. */
export class Series {
  sum = 0;
  count = 0;
  /** Observations per bucket, not cumulative. */
  readonly bucketCounts: number[];

  constructor(
    private readonly buckets: readonly number[],
    readonly labels: Readonly<Record<string, string>>,
  ) {
    this.bucketCounts = buckets.map(() => 0);
  }

  observe(value: number): void {
    this.sum += value;
    this.count += 1;
    const { buckets } = this;
    for (let index = 0; index < buckets.length; index += 1) {
      if (value > buckets[index]!) continue;
      this.bucketCounts[index]! += 1;
      return;
    }
  }
}

/**
 * A histogram for hot paths. prom-client's histogram looks up the labels for each observation, which costs more than the
 * observation. Here the caller keeps the `Series` of its labels.
 */
export class Histogram {
  private readonly series = new Map<string, Series>();

  constructor(private readonly options: HistogramOptions) {
    options.registry.registerMetric(this as unknown as Metric);
  }

  /** The key of the metric in the registry. */
  get name(): string {
    return this.options.name;
  }

  /** @param values of the labels, in the order of `labelNames` */
  labels(...values: string[]): Series {
    const key = values.join('\0');
    const existing = this.series.get(key);
    if (existing) return existing;
    const { buckets, labelNames } = this.options;
    const created = new Series(
      buckets,
      Object.fromEntries(labelNames.map((name, index) => [name, values[index] ?? ''])),
    );
    this.series.set(key, created);
    return created;
  }

  /** Called by the registry. @returns the metric in prom-client's format */
  get(): Promise<object> {
    const { name, help } = this.options;
    const values = [...this.series.values()].flatMap((series) => this.toSamples(series));
    return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
  }

  private toSamples({ labels, bucketCounts, sum, count }: Series) {
    const { name, buckets } = this.options;
    let total = 0;
    const cumulative = buckets.map((le, index) => ({ le, value: (total += bucketCounts[index]!) }));
    return [
      ...[...cumulative, { le: '+Inf', value: count }].map(({ le, value }) => {
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value };
      }),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

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
