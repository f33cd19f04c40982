import { type Server as HttpServer } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as nextIteration, setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Response } from 'express';
import { HttpSettings, RequestObservers } from '../http/index.js';
import { ConnectionGate } from './connection-gate.js';
import { ConnectionTracker } from './connection-tracker.js';
import { ProbePort } from './probe-port.js';
import { ServerSettings } from './server.settings.js';

/** While draining, an idle keep-alive connection stays open for this time, so that a request on its way is not reset. */
const IDLE_CONNECTION_MS = 250;
/** Longest time for which connections in the queue of the operating system are accepted while more of them come. */
const MAX_ACCEPTING_MS = 1_000;

/**
 * Stops the server without failing a request. For `SHUTDOWN_DELAY_MS` it works as before, while readiness fails. Then it
 * accepts no connection, every response has `Connection: close`, and requests in flight get `SHUTDOWN_GRACE_MS` to finish.
 */
@Injectable()
export class GracefulShutdown implements OnModuleDestroy, BeforeApplicationShutdown {
  private stopping = false;
  private lastActivity = 0;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly settings: ServerSettings,
    private readonly http: HttpSettings,
    private readonly observers: RequestObservers,
    private readonly tracker: ConnectionTracker,
    private readonly connectionGate: ConnectionGate,
    private readonly probePort: ProbePort,
  ) {}

  /** Whether the process has been asked to stop. */
  get isStopping(): boolean {
    return this.stopping;
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    if (this.settings.shutdownDelayMs > 0) await delay(this.settings.shutdownDelayMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.adapterHost.httpAdapter.getHttpServer() as HttpServer | undefined;
    if (server?.listening) await this.acceptPendingConnections();
    this.drain();
    if (!server?.listening) return;
    // The close method of http.Server also closes idle connections at once, which resets a request on its way.
    for (const open of [server, this.probePort.listening]) if (open) NetServer.prototype.close.call(open);
    const deadline = Date.now() + this.http.shutdownGraceMs;
    const { connections } = this.tracker;
    while (connections.size > 0 && !this.isIdle() && Date.now() < deadline) await delay(10);
    for (const socket of connections) socket.destroy();
  }

  /** From now on, every response closes its connection. */
  private drain(): void {
    this.observers.onBegin(disableKeepAlive);
    this.observers.onEnd(() => (this.lastActivity = Date.now()));
    this.tracker.inFlight.forEach(disableKeepAlive);
    this.lastActivity = Date.now();
  }

  /**
   * Accepts the connections that the operating system has queued: closing the port resets them. The event loop accepts one in
   * each iteration (https://github.com/libuv/libuv/pull/3696). This must come before any `Connection: close`, after which
   * clients would connect again.
   */
  private async acceptPendingConnections(): Promise<void> {
    const deadline = Date.now() + MAX_ACCEPTING_MS;
    let accepted: number;
    do {
      accepted = this.tracker.accepted;
      await nextIteration();
      await nextIteration();
    } while (accepted !== this.tracker.accepted && Date.now() < deadline);
  }

  private isIdle(): boolean {
    if (this.connectionGate.isHolding) return false;
    return this.tracker.inFlight.size === 0 && Date.now() - this.lastActivity >= IDLE_CONNECTION_MS;
  }
}

function disableKeepAlive(response: Response): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
