import { type Env, EnvironmentSettings } from '../config/index.js';

export class MetricsSettings {
  /** The bearer token that `/metrics` requires; undefined for no token. */
  readonly token: string | undefined;
  /** Production serves metrics only with a token. */
  readonly isServed: boolean;

  constructor(env: Env) {
    this.token = env.optional('METRICS_TOKEN');
    this.isServed = this.token !== undefined || !new EnvironmentSettings(env).isProduction;
  }
}
