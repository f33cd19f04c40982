import { type Env, EnvironmentSettings } from '../platform/config/index.js';
import { describeWeakness } from './sessions/secret-strength.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Longest interval between updates of `lastSeenAt`. */
const MAX_TOUCH_INTERVAL_MS = MINUTE_MS;

export class AuthSettings {
  /** The first signs cookies; all verify them. Empty if a secret is to be generated and stored beside the database. */
  readonly secrets: readonly string[];
  /** Idle timeout: a session expires this long after its last use. */
  readonly idleTimeoutMs: number;
  /** Absolute timeout: a session expires this long after its login, however much it is used. */
  readonly absoluteTimeoutMs: number;
  /** Minimum age of `lastSeenAt` before a use updates it: saves a write at most requests. */
  readonly touchIntervalMs: number;
  /** Whether cookies are `Secure`, and logins need TLS. */
  readonly isSecure: boolean;
  readonly cookieName: string;

  constructor(env: Env) {
    this.isSecure = new EnvironmentSettings(env).isProduction;
    this.cookieName = this.isSecure ? '__Host-barista.sid' : 'barista.sid';
    this.secrets = env.list('SESSION_SECRET');
    if (this.isSecure) requireStrongSecrets(env, this.secrets);
    this.idleTimeoutMs = MINUTE_MS * env.decimal('SESSION_IDLE_MINUTES', { default: 60, min: 0.0001, max: 525_600 });
    this.absoluteTimeoutMs = HOUR_MS * env.decimal('SESSION_MAX_HOURS', { default: 24, min: 0.00001, max: 8_760 });
    this.touchIntervalMs = Math.min(MAX_TOUCH_INTERVAL_MS, this.idleTimeoutMs / 2);
  }
}

function requireStrongSecrets(env: Env, secrets: readonly string[]): void {
  if (secrets.length === 0) {
    env.addProblem('SESSION_SECRET', 'is required in production: make one with `openssl rand -base64 48`');
  }
  secrets.forEach((secret, index) => {
    const weakness = describeWeakness(secret);
    const position = secrets.length > 1 ? `secret ${index + 1} of ${secrets.length} ` : '';
    if (weakness) env.addProblem('SESSION_SECRET', `${position}${weakness}: make one with \`openssl rand -base64 48\``);
  });
}
