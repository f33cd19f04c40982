import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The response to `to` is dropped, on a connection that has sent `after` before. */
interface DroppedResponse {
  readonly after: string;
  readonly to: string;
}

/** A TCP proxy that can drop traffic silently. */
export class Relay {
  private readonly sockets = new Set<Socket>();
  private dropped: DroppedResponse | undefined;

  private constructor(private readonly server: Server) {}

  /** @param url of the server behind the proxy, on the loopback address */
  static async start(url: string): Promise<Relay> {
    const server = createServer({ allowHalfOpen: true });
    const relay = new Relay(server);
    server.on('connection', (near) => relay.join(near, connect(Number(new URL(url).port), '127.0.0.1')));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Drops all traffic of the present connections and keeps them open. New connections work. */
  silence(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** Closes the next matching connection when the server responds. */
  dropResponse(dropped: DroppedResponse): void {
    this.dropped = dropped;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => this.sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
    let hasSentFirst = false;
    near.on('data', (data: Buffer) => {
      if (!this.dropped) return;
      if (hasSentFirst && data.includes(this.dropped.to)) this.disconnect(near, far);
      hasSentFirst ||= data.includes(this.dropped.after);
    });
  }

  private disconnect(near: Socket, far: Socket): void {
    this.dropped = undefined;
    far.unpipe(near);
    far.once('data', () => [near, far].forEach((socket) => socket.destroy())).resume();
  }
}
