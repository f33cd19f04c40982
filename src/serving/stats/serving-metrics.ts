import { Injectable } from '@nestjs/common';
import { Counter, Gauge, type Registry } from 'prom-client';
import { Histogram, Metrics } from '../../platform/metrics/index.js';
import { type Load, VersionRecorder } from './version-recorder.js';

/** Seconds, from a run of a small model to the default deadline. */
const DURATION_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** Prometheus metrics of the models, labelled by model and version. */
@Injectable()
export class ServingMetrics {
  private readonly registers: Registry[];
  private readonly loads = new Map<() => Load, readonly [model: string, version: string]>();
  private readonly queueTime;
  private readonly runTime;
  private readonly requestTime;
  private readonly batchSize;
  private readonly rejections;
  private readonly lookups;
  private readonly restarts;

  constructor({ registry }: Metrics) {
    this.registers = [registry];
    this.queueTime = this.histogram('model_queue_duration_seconds', 'Time of a prediction in the queue');
    this.runTime = this.histogram(
      'model_run_duration_seconds',
      'Time of a run, with the transfer to the runtime and back',
    );
    this.requestTime = this.histogram('model_request_duration_seconds', 'Time of a whole prediction');
    this.batchSize = this.histogram('model_batch_size', 'Rows in a run', BATCH_BUCKETS);
    this.rejections = this.counter('model_rejections_total', 'Predictions that were rejected', 'reason');
    this.lookups = this.counter(
      'model_cache_lookups_total',
      'Lookups in the response cache: hit, shared with a running request, or miss',
      'result',
    );
    this.restarts = this.counter('model_runtime_restarts_total', 'Restarts of runtimes that ended unexpectedly');
    this.gauge('model_requests_in_flight', 'Predictions in progress', ({ inFlight }) => inFlight);
    this.gauge('model_queue_depth', 'Predictions in the queue', ({ waiting }) => waiting);
  }

  /** The recorder of one version. */
  recorder(model: string, version: string): VersionRecorder {
    return new VersionRecorder({
      queueTime: this.queueTime.labels(model, version),
      runTime: this.runTime.labels(model, version),
      requestTime: this.requestTime.labels(model, version),
      batchSize: this.batchSize.labels(model, version),
      restarts: this.restarts.labels(model, version),
      rejection: (reason) => this.rejections.labels(model, version, reason),
      lookup: (result) => this.lookups.labels(model, version, result),
      watch: (load) => this.loads.set(load, [model, version]),
      forget: (load) => this.loads.delete(load),
    });
  }

  private histogram(name: string, help: string, buckets = DURATION_BUCKETS): Histogram {
    return new Histogram({ name, help, labelNames: ['model', 'version'], buckets, registry: this.registers[0]! });
  }

  private counter(name: string, help: string, ...more: string[]): Counter {
    return new Counter({ name, help, labelNames: ['model', 'version', ...more], registers: this.registers });
  }

  private gauge(name: string, help: string, read: (load: Load) => number): void {
    const { loads, registers } = this;
    const collect = function (this: Gauge): void {
      this.reset();
      // During a replacement, the old and the new version have the same labels.
      for (const [load, labels] of loads) this.labels(...labels).inc(read(load()));
    };
    new Gauge({ name, help, labelNames: ['model', 'version'], registers, collect });
  }
}
