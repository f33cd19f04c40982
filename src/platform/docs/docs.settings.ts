import { type Env, EnvironmentSettings } from '../config/index.js';

export class DocsSettings {
  /** Whether `/docs` and `/openapi.json` are served. */
  readonly isServed: boolean;

  constructor(env: Env) {
    this.isServed = env.boolean('DOCS', !new EnvironmentSettings(env).isProduction);
  }
}
