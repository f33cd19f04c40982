import { once } from 'node:events';
import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpSettings } from '../http/index.js';
import { ServerSettings } from './server.settings.js';

/**
 * A second port that answers only health probes, if `PROBE_PORT` is set. A probe on it does not wait behind a burst of
 * connections to the main port (docs/adr/0018).
 */
@Injectable()
export class ProbePort {
  private server: Server | undefined;

  constructor(
    private readonly settings: ServerSettings,
    private readonly http: HttpSettings,
  ) {}

  /** @param create creates a server that does not listen yet; called if `PROBE_PORT` is set */
  prepare(create: () => Server): void {
    if (this.settings.probePort !== undefined) this.server = create();
  }

  /** Resolves with the listening server, or with undefined without `PROBE_PORT`. Rejects as `listen` does. */
  async open(): Promise<Server | undefined> {
    if (!this.server) return undefined;
    this.server.listen(this.settings.probePort, this.http.host);
    await once(this.server, 'listening');
    return this.server;
  }

  /** The server while it listens. */
  get listening(): Server | undefined {
    return this.server?.listening ? this.server : undefined;
  }
}
