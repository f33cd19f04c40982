import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { InFlightSet } from './in-flight-set.js';

/** The open connections and the responses in flight. */
@Injectable()
export class ConnectionTracker {
  readonly connections = new Set<Socket>();
  /** Responses that have not ended. */
  readonly inFlight = new InFlightSet<Response>();
  /** Number of connections accepted since the start. */
  accepted = 0;

  track(server: HttpServer): void {
    server.on('connection', (socket: Socket) => {
      this.accepted += 1;
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** The responses in flight on a connection, in the order of their requests. A client that pipelines has several. */
  inFlightOn(socket: Socket): Response[] {
    const found: Response[] = [];
    this.inFlight.forEach((response) => {
      if (response.req.socket === socket) found.push(response);
    });
    return found.sort((a, b) => a.req.startedAt - b.req.startedAt);
  }
}
