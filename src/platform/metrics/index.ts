export { MetricsModule } from './metrics.module.js';
export { Histogram, Metrics, type Series } from './metrics.service.js';
