import type { Socket } from 'node:net';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ConnectionTracker } from './connection-tracker.js';
import { ServerSettings } from './server.settings.js';

/** Minimum number of bytes that a client must read from a waiting response in `ANSWER_TIMEOUT_MS`: 140 kbit/s by default. */
const MIN_BYTES = 512 * 1024;
const CHECK_INTERVAL_MS = 1_000;

/** The part of a socket's handle that is used here. Node itself reads it to tell a slow client from a dead one. */
interface Handle {
  readonly bytesWritten: number;
  /** Number of bytes that do not fit in the buffer of the operating system. */
  readonly writeQueueSize?: number;
}

interface Progress {
  readonly since: number;
  readonly bytesRead: number;
}

/**
 * Closes connections whose clients read a response too slowly, because the response stays in memory meanwhile. This concerns
 * only responses that are larger than the buffers of the operating system. Node closes idle connections by itself.
 */
@Injectable()
export class SlowReadGuard implements OnApplicationShutdown {
  private readonly progress = new WeakMap<Socket, Progress>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: ServerSettings,
    private readonly connections: ConnectionTracker,
  ) {}

  start(): void {
    const interval = Math.min(CHECK_INTERVAL_MS, this.settings.timeout.answerMs / 2);
    this.timer = setInterval(() => this.checkAll(), interval).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private checkAll(): void {
    const now = performance.now();
    this.connections.inFlight.forEach(({ socket }) => {
      const handle = (socket as { _handle?: Handle | null } | null)?._handle;
      if (socket && handle) this.check(socket, handle, now);
    });
  }

  private check(socket: Socket, { bytesWritten, writeQueueSize = 0 }: Handle, now: number): void {
    if (writeQueueSize === 0) {
      this.progress.delete(socket);
      return;
    }
    const bytesRead = bytesWritten - writeQueueSize;
    const last = this.progress.get(socket);
    if (!last || bytesRead - last.bytesRead >= MIN_BYTES) this.progress.set(socket, { since: now, bytesRead });
    else if (now - last.since >= this.settings.timeout.answerMs) socket.destroy();
  }
}
