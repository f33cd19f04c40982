export { HealthModule } from './health.module.js';
export { type PartReadiness, type Readiness, ReadinessRegistry } from './readiness-registry.js';
