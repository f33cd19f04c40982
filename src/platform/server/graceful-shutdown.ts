import { type Server as HttpServer } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Response } from 'express';
import { HttpSettings } from '../http/index.js';
import { Arrivals } from './connection-gate.js';
import { ProbePort } from './probe-port.js';
import { ServerSettings } from './server.settings.js';
import { Traffic } from './connection-tracker.js';

/** An idle keep-alive connection gets this long to send one more request before it is closed. */
const IDLE_CONNECTION_MS = 250;
/** The longest that connections are still taken on while there are more and more of them. */
const MAX_ACCEPTING_MS = 1_000;

/**
 * Stops serving without failing a request: for `SHUTDOWN_DELAY_MS` everything goes on while readiness says no; then no
 * connection is accepted, every answer says `Connection: close`, and what is in flight has `SHUTDOWN_GRACE_MS` to finish.
 */
@Injectable()
export class GracefulShutdown implements OnModuleDestroy, BeforeApplicationShutdown {
  private stopping = false;
  private draining = false;
  private lastActivity = 0;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly settings: ServerSettings,
    private readonly http: HttpSettings,
    private readonly traffic: Traffic,
    private readonly arrivals: Arrivals,
    private readonly probePort: ProbePort,
  ) {}

  /** Whether the process has been asked to stop. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** A request is in flight; its answer ends keep-alive while draining. */
  began(response: Response): void {
    this.traffic.inFlight.add(response);
    if (this.draining) endKeepAlive(response);
  }

  ended(response: Response): void {
    this.traffic.inFlight.delete(response);
    if (this.draining) this.lastActivity = Date.now();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    if (this.settings.shutdownDelayMs > 0) await delay(this.settings.shutdownDelayMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.adapterHost.httpAdapter.getHttpServer() as HttpServer | undefined;
    if (server?.listening) await this.acceptWhoHasConnected();
    this.draining = true;
    this.traffic.inFlight.forEach(endKeepAlive);
    this.lastActivity = Date.now();
    if (!server?.listening) return;
    // http.Server's own close also ends idle connections at once, resetting a request that is on its way.
    for (const open of [server, this.probePort.listening]) if (open) NetServer.prototype.close.call(open);
    const deadline = Date.now() + this.http.shutdownGraceMs;
    const { connections } = this.traffic;
    while (connections.size > 0 && !this.isQuiet() && Date.now() < deadline) await delay(10);
    for (const socket of connections) socket.destroy();
  }

  /**
   * The event loop takes on one connection a turn (https://github.com/libuv/libuv/pull/3696), and those that wait for that when
   * the port is closed are reset. Before anybody is told to close, so that nobody comes back on another connection.
   */
  private async acceptWhoHasConnected(): Promise<void> {
    const deadline = Date.now() + MAX_ACCEPTING_MS;
    let accepted: number;
    do {
      accepted = this.traffic.accepted;
      await nextTurn();
      await nextTurn();
    } while (accepted !== this.traffic.accepted && Date.now() < deadline);
  }

  private isQuiet(): boolean {
    if (this.arrivals.areUnread) return false;
    return this.traffic.inFlight.size === 0 && Date.now() - this.lastActivity >= IDLE_CONNECTION_MS;
  }
}

function endKeepAlive(response: Response): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
