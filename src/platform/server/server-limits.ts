import type { Server } from 'node:http';
import type { Log } from '../logging/index.js';
import { LogThrottle } from './log-throttle.js';
import type { ServerSettings } from './server.settings.js';

/** Interval at which Node checks for senders that are too slow. */
const CHECK_INTERVAL_MS = 500;

/**
 * Sets the timeouts and capacities of a server that does not listen yet. Node closes a connection that sends nothing, or sends
 * too slowly, up to `connectionsCheckingInterval` after its timeout. `headersTimeout` also applies to a connection that has
 * never sent anything.
 */
export function applyServerLimits(server: Server, settings: ServerSettings, log: Log): void {
  const { timeout, keepAliveMs, headersLimit, connectionCapacity } = settings;
  Object.assign(server, {
    headersTimeout: timeout.headersMs,
    requestTimeout: timeout.requestMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, timeout.headersMs),
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headersLimit,
    maxConnections: connectionCapacity,
    // Node would drop the second of two headers that may occur once; joined, `checkRequestHead` sees both.
    joinDuplicateHeaders: true,
    // `checkRequestHead` rejects a request without Host, with an error of the application.
    requireHostHeader: false,
  });
  const throttle = new LogThrottle();
  server.on('drop', () => {
    if (!throttle.shouldLog()) return;
    log.lines.warn({ connections: connectionCapacity }, 'connections are refused: CONNECTION_CAPACITY is reached');
  });
}
