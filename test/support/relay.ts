import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What is said last of two things that a connection is to say, one after the other, and is never answered. */
interface LostAnswer {
  readonly after: string;
  readonly to: string;
}

/** Stands between two programs, and can stop passing on what they say without either being told. */
export class Relay {
  private readonly sockets = new Set<Socket>();
  private lost: LostAnswer | undefined;

  private constructor(private readonly server: Server) {}

  /** @param url whose port connections are passed on to */
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

  /** Connections that are there stay open and never say anything again; new ones are as they were. */
  silence(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** The next connection that says both is cut once the other side has done as it was told. */
  loseAnswer(lost: LostAnswer): void {
    this.lost = lost;
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
    let isBegun = false;
    near.on('data', (said: Buffer) => {
      if (!this.lost) return;
      if (isBegun && said.includes(this.lost.to)) this.cut(near, far);
      isBegun ||= said.includes(this.lost.after);
    });
  }

  private cut(near: Socket, far: Socket): void {
    this.lost = undefined;
    far.unpipe(near);
    far.once('data', () => [near, far].forEach((socket) => socket.destroy())).resume();
  }
}
