import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Roster } from './in-flight-set.js';

/** What is open, and what is under way. */
@Injectable()
export class Traffic {
  readonly connections = new Set<Socket>();
  /** The answers that are not finished yet. */
  readonly inFlight = new Roster<Response>();
  /** How many connections there have been. */
  accepted = 0;

  track(server: HttpServer): void {
    server.on('connection', (socket: Socket) => {
      this.accepted += 1;
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** The answers in flight on a connection, in the order of their requests: more than one where a client pipelines. */
  on(socket: Socket): Response[] {
    const found: Response[] = [];
    this.inFlight.forEach((response) => {
      if (response.req.socket === socket) found.push(response);
    });
    return found.sort((a, b) => a.req.startedAt - b.req.startedAt);
  }
}
