import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';

/** Who comes so soon after another is one of a crowd. */
const CROWD_MS = 5;
/** A crowd is complete when nobody has come for so long, nor in a whole turn. */
const QUIET_MS = 2;
/** Who has waited for so long is read although others still come. */
const PATIENCE_MS = 500;
/** So many are read in a turn once the crowd is complete: some 10 ms. */
const SHIFT = 128;

interface Arrival {
  readonly socket: Socket;
  readonly at: number;
}

/**
 * Takes on all who connect at the same time before any of them is read. Node takes on one connection in each turn of the event
 * loop, and reads all others in it: the last of a crowd, who may be a health probe, would wait for everything that those before
 * it ask. Whoever came last is read first: under overload that answers some in time instead of none (adaptive LIFO,
 * https://queue.acm.org/detail.cfm?id=2839461). Who comes alone is read at once (docs/adr/0016).
 */
@Injectable()
export class Arrivals {
  private readonly unread: Arrival[] = [];
  private lastAt = -Infinity;
  /** `lastAt` at the end of the last turn. */
  private knownAt = -Infinity;
  private isComplete = true;

  /** Whether somebody has been taken on who is not read yet. */
  get areUnread(): boolean {
    return this.unread.length > 0;
  }

  /** Whether a crowd is being taken on, for which all else should wait. */
  get areComing(): boolean {
    const [first] = this.unread;
    return first !== undefined && !this.isComplete && performance.now() - first.at < PATIENCE_MS;
  }

  watch(server: HttpServer): void {
    server.on('connection', (socket: Socket) => {
      const at = performance.now();
      if (this.areUnread || at - this.lastAt < CROWD_MS) this.hold({ socket, at });
      this.lastAt = at;
    });
  }

  private hold(arrival: Arrival): void {
    if (!this.areUnread) setImmediate(this.endTurn);
    this.unread.push(arrival);
    // Node begins to read in a tick that is under way already.
    process.nextTick(() => arrival.socket.pause());
  }

  private readonly endTurn = (): void => {
    const now = performance.now();
    this.isComplete = this.lastAt === this.knownAt && now - this.lastAt >= QUIET_MS;
    this.knownAt = this.lastAt;
    const inTime = this.unread.findIndex(({ at }) => now - at < PATIENCE_MS);
    read(this.unread.splice(0, inTime === -1 ? this.unread.length : inTime));
    if (this.isComplete) read(this.unread.splice(-SHIFT));
    if (this.areUnread) setImmediate(this.endTurn);
  };
}

function read(arrivals: readonly Arrival[]): void {
  for (const { socket } of arrivals) socket.resume();
}
