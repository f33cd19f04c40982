export { Histogram, type Series } from './histogram.js';
export { MetricsModule } from './metrics.module.js';
export { Metrics } from './metrics.service.js';
