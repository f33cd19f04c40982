import type { Server } from 'node:http';
import type { Log } from '../logging/index.js';
import type { ServerSettings } from './server.settings.js';

/** How often Node looks for senders that are too slow. */
const LOOK_MS = 500;
/** The log has a line of connections that were refused at most this often. */
const NOTE_MS = 10_000;

/**
 * What a server lets its clients do. To be called before it listens. Node closes what sends nothing or too slowly, when it
 * looks: up to `connectionsCheckingInterval` after the time is over. A connection that never sent anything counts as one that
 * sends its headers.
 */
export function limitServer(server: Server, settings: ServerSettings, log: Log): void {
  const { timeout, keepAliveMs, headersLimit, connectionCapacity } = settings;
  Object.assign(server, {
    headersTimeout: timeout.headersMs,
    requestTimeout: timeout.requestMs,
    connectionsCheckingInterval: Math.min(LOOK_MS, timeout.headersMs),
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headersLimit,
    maxConnections: connectionCapacity,
    // Two headers where there can be one are seen as such, instead of the first alone.
    joinDuplicateHeaders: true,
    // Ours says it in the application's words.
    requireHostHeader: false,
  });
  let notedAt = -Infinity;
  server.on('drop', () => {
    if (performance.now() - notedAt < NOTE_MS) return;
    notedAt = performance.now();
    log.lines.warn({ connections: connectionCapacity }, 'connections are refused: CONNECTION_CAPACITY is reached');
  });
}
