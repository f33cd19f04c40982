import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.js';

/** A TCP connection that sends exactly the given bytes. */
export class RawConnection {
  /** The bytes received so far, as latin1. */
  received = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.received += text));
    // A reset also ends with `close`.
    socket.on('error', () => undefined);
    socket.once('close', () => (this.isClosed = true));
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  /** @param bytes a string is sent as latin1 */
  send(bytes: string | Uint8Array): this {
    if (!this.isClosed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Sends byte by byte, until all are sent or the server closes the connection. */
  async drip(bytes: string, everyMs: number): Promise<void> {
    for (const byte of bytes) {
      if (this.isClosed) return;
      this.send(byte);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** The statuses of the responses received so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  async waitForStatuses(count: number): Promise<number[]> {
    await until(`${count} responses`, () => this.statuses.length >= count);
    return this.statuses;
  }

  /** Waits until the server closes the connection. @returns all received bytes */
  async closed(timeoutMs?: number): Promise<string> {
    await until('the server closes the connection', () => this.isClosed, timeoutMs);
    return this.received;
  }

  /** The JSON body of the last response. */
  get problem(): Record<string, unknown> {
    return JSON.parse(this.received.slice(this.received.lastIndexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
  }

  end(): void {
    this.socket.destroy();
  }
}
