import type { Env } from '../config/index.js';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
const DAY_MS = 86_400_000;

interface Timeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly answerMs: number;
}

export class HttpSettings {
  readonly host: string;
  readonly port: number;
  /** Where health probes are answered beside `port`; nowhere unless set. */
  readonly probePort: number | undefined;
  /** How many proxies in front are believed about the client's address and TLS. */
  readonly trustProxy: number;
  /** Origins of other sites that may call with credentials. */
  readonly corsOrigins: readonly string[];
  /** Largest body in bytes, by what it is for; also after decompression. */
  readonly bodyLimit: { readonly ordinary: number; readonly predictions: number; readonly files: number };
  /** How long a client may take: to send the headers, to send a whole request, to take what waits of an answer. */
  readonly timeout: Timeouts;
  /** How long a connection may wait for its next request. */
  readonly keepAliveMs: number;
  /** The largest request line and headers together, in bytes. */
  readonly headersLimit: number;
  /** How many connections may be open. */
  readonly connectionCapacity: number;
  /** How many requests may be under way. */
  readonly requestCapacity: number;
  /** How long a request may wait for its turn. */
  readonly overloadMs: number;
  readonly shutdownDelayMs: number;
  readonly shutdownGraceMs: number;

  constructor(env: Env) {
    this.host = env.text('HOST', '127.0.0.1');
    this.port = env.integer('PORT', { default: 3000, min: 0, max: 65_535 });
    const probePort = env.integer('PROBE_PORT', { default: 0, min: 0, max: 65_535 });
    this.probePort = env.optional('PROBE_PORT') === undefined ? undefined : probePort;
    this.trustProxy = env.integer('TRUST_PROXY', { default: 0, min: 0, max: 100 });
    this.corsOrigins = env.list('CORS_ORIGINS');
    for (const origin of this.corsOrigins.filter((candidate) => !isOrigin(candidate))) {
      env.reject('CORS_ORIGINS', `expected origins such as https://shop.example, got "${origin}"`);
    }
    this.bodyLimit = {
      ordinary: megabytes(env, 'BODY_LIMIT_MB', 1),
      predictions: megabytes(env, 'PREDICT_LIMIT_MB', 32),
      files: megabytes(env, 'UPLOAD_LIMIT_MB', 1024),
    };
    this.timeout = readTimeouts(env);
    // Longer than the usual load balancer keeps an idle connection, so that it is never us who close one it is about to use.
    this.keepAliveMs = env.integer('KEEP_ALIVE_MS', { default: 65_000, min: 100, max: DAY_MS });
    this.headersLimit = env.integer('HEADERS_LIMIT_KB', { default: 16, min: 1, max: 1_024 }) * KILOBYTE;
    this.connectionCapacity = env.integer('CONNECTION_CAPACITY', { default: 8_192, min: 1, max: 1_000_000 });
    this.requestCapacity = env.integer('REQUEST_CAPACITY', { default: 4_096, min: 1, max: 1_000_000 });
    this.overloadMs = env.integer('OVERLOAD_MS', { default: 3_000, min: 10, max: DAY_MS });
    this.shutdownDelayMs = env.integer('SHUTDOWN_DELAY_MS', { default: 0, min: 0, max: 600_000 });
    this.shutdownGraceMs = env.integer('SHUTDOWN_GRACE_MS', { default: 10_000, min: 0, max: 600_000 });
  }
}

function readTimeouts(env: Env): Timeouts {
  const requestMs = env.integer('REQUEST_TIMEOUT_MS', { default: 30_000, min: 100, max: DAY_MS });
  // The headers are a part of the request.
  const rule = { default: Math.min(10_000, requestMs), min: 100, max: requestMs };
  const headersMs = env.integer('HEADERS_TIMEOUT_MS', rule);
  return {
    headersMs,
    requestMs,
    answerMs: env.integer('ANSWER_TIMEOUT_MS', { default: 30_000, min: 100, max: DAY_MS }),
  };
}

function megabytes(env: Env, name: string, fallback: number): number {
  return Math.floor(env.decimal(name, { default: fallback, min: 0.001, max: 65_536 }) * MEGABYTE);
}

/** One, in whole: a pattern would match nothing. */
function isOrigin(text: string): boolean {
  if (text.includes('*') || !URL.canParse(text)) return false;
  return /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}
