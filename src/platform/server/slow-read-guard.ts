import type { Socket } from 'node:net';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ServerSettings } from './server.settings.js';
import { Traffic } from './connection-tracker.js';

/** What a client has to take, of an answer that waits for it, within `ANSWER_TIMEOUT_MS`: 140 kbit/s, by default. */
const FAIR_BYTES = 512 * 1024;
const LOOK_MS = 1_000;

/** What is used here of a socket's handle, as Node itself does to tell a slow client from a dead one. */
interface Handle {
  readonly bytesWritten: number;
  /** Bytes that the operating system has no room for. */
  readonly writeQueueSize?: number;
}

interface Progress {
  readonly since: number;
  readonly taken: number;
}

/**
 * Ends connections whose clients do not take their answers, which are kept in memory meanwhile. It is only about what is larger
 * than the operating system's buffers; Node closes connections that have nothing to send or to take.
 */
@Injectable()
export class SlowReaders implements OnApplicationShutdown {
  private readonly progress = new WeakMap<Socket, Progress>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: ServerSettings,
    private readonly traffic: Traffic,
  ) {}

  watch(): void {
    this.timer = setInterval(() => this.look(), Math.min(LOOK_MS, this.settings.timeout.answerMs / 2)).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    this.traffic.inFlight.forEach(({ socket }) => {
      const handle = (socket as { _handle?: Handle | null } | null)?._handle;
      if (socket && handle) this.judge(socket, handle, now);
    });
  }

  private judge(socket: Socket, { bytesWritten, writeQueueSize = 0 }: Handle, now: number): void {
    if (writeQueueSize === 0) {
      this.progress.delete(socket);
      return;
    }
    const taken = bytesWritten - writeQueueSize;
    const seen = this.progress.get(socket);
    if (!seen || taken - seen.taken >= FAIR_BYTES) this.progress.set(socket, { since: now, taken });
    else if (now - seen.since >= this.settings.timeout.answerMs) socket.destroy();
  }
}
