import type { Metric, Registry } from 'prom-client';

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly registry: Registry;
}

/** The observations that have the same labels. */
export class Series {
  sum = 0;
  count = 0;
  /** How many were in each bucket, and in none of those before it. */
  readonly inBucket: number[];

  constructor(
    private readonly buckets: readonly number[],
    readonly labels: Readonly<Record<string, string>>,
  ) {
    this.inBucket = buckets.map(() => 0);
  }

  observe(value: number): void {
    this.sum += value;
    this.count += 1;
    const { buckets } = this;
    for (let index = 0; index < buckets.length; index += 1) {
      if (value > buckets[index]!) continue;
      this.inBucket[index]! += 1;
      return;
    }
  }
}

/**
 * A histogram for what happens with every request. prom-client's own looks up the labels of each observation anew, which
 * takes longer than all else that is done with it; here who observes keeps the series.
 */
export class Histogram {
  private readonly series = new Map<string, Series>();

  constructor(private readonly options: HistogramOptions) {
    options.registry.registerMetric(this as unknown as Metric);
  }

  /** What the registry finds it by. */
  get name(): string {
    return this.options.name;
  }

  /** The series with these labels, in the order of `labelNames`. */
  labels(...values: string[]): Series {
    const key = values.join('\0');
    const known = this.series.get(key);
    if (known) return known;
    const { buckets, labelNames } = this.options;
    const made = new Series(buckets, Object.fromEntries(labelNames.map((name, index) => [name, values[index] ?? ''])));
    this.series.set(key, made);
    return made;
  }

  /** As the registry asks for it. */
  get(): Promise<object> {
    const { name, help } = this.options;
    const values = [...this.series.values()].flatMap((series) => this.valuesOf(series));
    return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
  }

  private valuesOf({ labels, inBucket, sum, count }: Series) {
    const { name, buckets } = this.options;
    let upTo = 0;
    const cumulative = buckets.map((le, index) => ({ le, value: (upTo += inBucket[index]!) }));
    return [
      ...[...cumulative, { le: '+Inf', value: count }].map(({ le, value }) => {
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value };
      }),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
