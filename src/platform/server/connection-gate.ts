import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';

/** A connection belongs to a burst if it is accepted within this time after another. */
const BURST_GAP_MS = 5;
/** A burst is over when no connection has been accepted for this time and for a whole iteration of the event loop. */
const QUIET_MS = 2;
/** Longest time for which a connection is held while a burst continues. */
const MAX_HOLD_MS = 500;
/** Number of connections released in one iteration once the burst is over: about 10 ms of work. */
const BATCH_SIZE = 128;

interface HeldConnection {
  readonly socket: Socket;
  readonly at: number;
}

/**
 * Accepts all connections of a burst before it reads any of them. Node accepts one connection in each iteration of the event
 * loop and reads all others in the same iteration. Without the gate, the last connection of a burst, which may be a health
 * probe, would wait for all requests on the connections before it. The newest connections are released first: under overload,
 * some clients then get a response in time instead of none (adaptive LIFO, https://queue.acm.org/detail.cfm?id=2839461). A
 * connection outside of a burst is never held (docs/adr/0016).
 */
@Injectable()
export class ConnectionGate {
  private readonly held: HeldConnection[] = [];
  private lastAt = -Infinity;
  /** `lastAt` at the end of the last iteration. */
  private previousLastAt = -Infinity;
  private isBurstOver = true;

  /** Whether connections have been accepted that are not read yet. */
  get isHolding(): boolean {
    return this.held.length > 0;
  }

  /** Whether a burst is being accepted. All other work should wait for it. */
  get isBurstInProgress(): boolean {
    const [first] = this.held;
    return first !== undefined && !this.isBurstOver && performance.now() - first.at < MAX_HOLD_MS;
  }

  attach(server: HttpServer): void {
    server.on('connection', (socket: Socket) => {
      const at = performance.now();
      if (this.isHolding || at - this.lastAt < BURST_GAP_MS) this.hold({ socket, at });
      this.lastAt = at;
    });
  }

  private hold(connection: HeldConnection): void {
    if (!this.isHolding) setImmediate(this.endIteration);
    this.held.push(connection);
    // Node starts to read in a tick that is already scheduled.
    process.nextTick(() => connection.socket.pause());
  }

  private readonly endIteration = (): void => {
    const now = performance.now();
    this.isBurstOver = this.lastAt === this.previousLastAt && now - this.lastAt >= QUIET_MS;
    this.previousLastAt = this.lastAt;
    const firstInTime = this.held.findIndex(({ at }) => now - at < MAX_HOLD_MS);
    release(this.held.splice(0, firstInTime === -1 ? this.held.length : firstInTime));
    if (this.isBurstOver) release(this.held.splice(-BATCH_SIZE));
    if (this.isHolding) setImmediate(this.endIteration);
  };
}

function release(connections: readonly HeldConnection[]): void {
  for (const { socket } of connections) socket.resume();
}
