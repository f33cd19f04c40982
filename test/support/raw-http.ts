import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.js';

/** A connection on which exactly the given bytes are sent. */
export class RawConnection {
  /** What has come back so far, a byte a character. */
  received = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.received += text));
    // A connection that is reset is closed too.
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

  /** A text is sent as the bytes that its characters are. */
  send(bytes: string | Uint8Array): this {
    if (!this.isClosed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Sends byte after byte, until it has sent all or the server has closed. */
  async drip(bytes: string, everyMs: number): Promise<void> {
    for (const byte of bytes) {
      if (this.isClosed) return;
      this.send(byte);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** The statuses of the answers so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  async waitForStatuses(count: number): Promise<number[]> {
    await until(`${count} responses`, () => this.statuses.length >= count);
    return this.statuses;
  }

  /** Everything received, once the server has closed. */
  async closed(timeoutMs?: number): Promise<string> {
    await until('the server closes the connection', () => this.isClosed, timeoutMs);
    return this.received;
  }

  /** The JSON body of the last answer. */
  get problem(): Record<string, unknown> {
    return JSON.parse(this.received.slice(this.received.lastIndexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
  }

  end(): void {
    this.socket.destroy();
  }
}
