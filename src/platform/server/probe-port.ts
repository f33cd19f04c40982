import { once } from 'node:events';
import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpSettings } from '../http/index.js';
import { ServerSettings } from './server.settings.js';

/**
 * The port on which nothing but health probes is answered, where `PROBE_PORT` is set: who connects to it does not stand in line
 * behind a crowd that connects to the other one (docs/adr/0018).
 */
@Injectable()
export class ProbePort {
  private server: Server | undefined;

  constructor(
    private readonly settings: ServerSettings,
    private readonly http: HttpSettings,
  ) {}

  /** @param make a server that does not listen yet; called where there is to be one */
  prepare(make: () => Server): void {
    if (this.settings.probePort !== undefined) this.server = make();
  }

  /** The server, once it listens; undefined where there is none. Rejects as `listen` does. */
  async open(): Promise<Server | undefined> {
    if (!this.server) return undefined;
    this.server.listen(this.settings.probePort, this.http.host);
    await once(this.server, 'listening');
    return this.server;
  }

  /** The server, while it listens. */
  get listening(): Server | undefined {
    return this.server?.listening ? this.server : undefined;
  }
}
