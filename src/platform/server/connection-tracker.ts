import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { RequestObservers } from '../http/index.js';

const INDEX = Symbol('index');

interface Indexed {
  [INDEX]?: number;
}

/**
 * A set for members that are added and deleted with every request. Each member stores its index in an array. A `Set` would
 * reallocate its table every few operations, and an old table refers to the new one: once V8 has promoted one of them to the
 * old space, all members added since stay in memory until the next full collection. As in a `Set`, adding or deleting twice
 * has no effect.
 */
export class InFlightSet<T extends object> {
  private readonly members: T[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: T & Indexed): void {
    if (member[INDEX] !== undefined) return;
    member[INDEX] = this.members.push(member) - 1;
  }

  /** Moves the last member to the index that becomes free. */
  delete(member: T & Indexed): void {
    const index = member[INDEX];
    if (index === undefined) return;
    const last = this.members.pop() as T & Indexed;
    if (last !== member) {
      this.members[index] = last;
      last[INDEX] = index;
    }
    member[INDEX] = undefined;
  }

  forEach(visit: (member: T) => void): void {
    this.members.forEach(visit);
  }
}

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

  /** Keeps `inFlight` up to date. */
  observe(observers: RequestObservers): void {
    observers.onBegin((response) => this.inFlight.add(response));
    observers.onEnd(({ response }) => this.inFlight.delete(response));
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
