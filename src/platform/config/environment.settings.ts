import type { Env } from './env.js';

const ENVIRONMENTS = ['development', 'test', 'production'] as const;

/** The kind of deployment. */
export class EnvironmentSettings {
  readonly name: (typeof ENVIRONMENTS)[number];
  readonly isProduction: boolean;

  constructor(env: Env) {
    this.name = env.choice('NODE_ENV', ENVIRONMENTS, 'development');
    this.isProduction = this.name === 'production';
  }
}
