import type { Metric, Registry } from 'prom-client';

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
