import type { Env } from '../config/index.js';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export class LoggingSettings {
  readonly level: (typeof LEVELS)[number];

  constructor(env: Env) {
    this.level = env.choice('LOG_LEVEL', LEVELS, 'info');
  }
}
