export { HealthModule } from './health.module.js';
export { type ComponentReadiness, type Readiness, ReadinessRegistry } from './readiness-registry.js';
