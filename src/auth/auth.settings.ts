import { type Env, EnvironmentSettings } from '../platform/config/index.js';
import { weaknessOf } from './sessions/secret-strength.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Below this a session would be written at nearly every request. */
const MAX_TOUCH_MS = MINUTE_MS;

export class AuthSettings {
  /** The first signs cookies, all of them verify. Empty where one is to be made and kept beside the database. */
  readonly secrets: readonly string[];
  /** A session unused for this long is over. */
  readonly idleMs: number;
  /** A session is over this long after the login, used or not. */
  readonly maxMs: number;
  /** How old `lastSeenAt` may get before a use of the session is written down. */
  readonly touchMs: number;
  /** Whether cookies are for TLS alone. */
  readonly isSecure: boolean;
  readonly cookieName: string;

  constructor(env: Env) {
    this.isSecure = new EnvironmentSettings(env).isProduction;
    this.cookieName = this.isSecure ? '__Host-barista.sid' : 'barista.sid';
    this.secrets = env.list('SESSION_SECRET');
    if (this.isSecure) requireStrongSecrets(env, this.secrets);
    this.idleMs = MINUTE_MS * env.decimal('SESSION_IDLE_MINUTES', { default: 60, min: 0.0001, max: 525_600 });
    this.maxMs = HOUR_MS * env.decimal('SESSION_MAX_HOURS', { default: 24, min: 0.00001, max: 8_760 });
    this.touchMs = Math.min(MAX_TOUCH_MS, this.idleMs / 2);
  }
}

function requireStrongSecrets(env: Env, secrets: readonly string[]): void {
  if (secrets.length === 0) {
    env.addProblem('SESSION_SECRET', 'is required in production: make one with `openssl rand -base64 48`');
  }
  secrets.forEach((secret, index) => {
    const weakness = weaknessOf(secret);
    const which = secrets.length > 1 ? `secret ${index + 1} of ${secrets.length} ` : '';
    if (weakness) env.addProblem('SESSION_SECRET', `${which}${weakness}: make one with \`openssl rand -base64 48\``);
  });
}
