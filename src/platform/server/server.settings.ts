import type { Env } from '../config/index.js';

const KILOBYTE = 1024;
const DAY_MS = 86_400_000;

interface Timeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly answerMs: number;
}

/** Settings of the optional HTTP server: timeouts, capacities, the probe port and the shutdown delay. */
export class ServerSettings {
  /** Port for health probes only; undefined unless it is set. */
  readonly probePort: number | undefined;
  /** Longest time for a client to send the headers, to send a whole request, and to read a waiting part of a response. */
  readonly timeout: Timeouts;
  /** Longest time for which an idle keep-alive connection stays open. */
  readonly keepAliveMs: number;
  /** Maximum size of the request line and the headers together, in bytes. */
  readonly headersLimit: number;
  /** Maximum number of open connections. */
  readonly connectionCapacity: number;
  /** Maximum number of requests in flight. */
  readonly requestCapacity: number;
  /** Longest time for which a request may wait in the queue of the load shedder. */
  readonly overloadMs: number;
  /** Time between the signal to stop and the end of accepting connections; readiness fails meanwhile. */
  readonly shutdownDelayMs: number;

  constructor(env: Env) {
    const probePort = env.integer('PROBE_PORT', { default: 0, min: 0, max: 65_535 });
    this.probePort = env.optional('PROBE_PORT') === undefined ? undefined : probePort;
    this.timeout = readTimeouts(env);
    // Longer than the idle timeout of common load balancers: a connection that a balancer is about to use must not be closed.
    this.keepAliveMs = env.integer('KEEP_ALIVE_MS', { default: 65_000, min: 100, max: DAY_MS });
    this.headersLimit = env.integer('HEADERS_LIMIT_KB', { default: 16, min: 1, max: 1_024 }) * KILOBYTE;
    this.connectionCapacity = env.integer('CONNECTION_CAPACITY', { default: 8_192, min: 1, max: 1_000_000 });
    this.requestCapacity = env.integer('REQUEST_CAPACITY', { default: 4_096, min: 1, max: 1_000_000 });
    this.overloadMs = env.integer('OVERLOAD_MS', { default: 3_000, min: 10, max: DAY_MS });
    this.shutdownDelayMs = env.integer('SHUTDOWN_DELAY_MS', { default: 0, min: 0, max: 600_000 });
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
