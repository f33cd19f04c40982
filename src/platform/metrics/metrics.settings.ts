import { type Env, EnvironmentSettings } from '../config/index.js';

export class MetricsSettings {
  /** The bearer token that `/metrics` asks for, where there is one. */
  readonly token: string | undefined;
  /** Production serves figures only to those who have the token. */
  readonly isServed: boolean;

  constructor(env: Env) {
    this.token = env.optional('METRICS_TOKEN');
    this.isServed = this.token !== undefined || !new EnvironmentSettings(env).isProduction;
  }
}
