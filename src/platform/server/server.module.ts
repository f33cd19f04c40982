import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { SettingsModule } from '../config/index.js';
import { ReadinessRegistry } from '../health/index.js';
import { RequestObservers } from '../http/index.js';
import { Admission } from './load-shedder.js';
import { Arrivals } from './connection-gate.js';
import { arrived } from './response-queue.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { ProbePort } from './probe-port.js';
import { ServerSettings } from './server.settings.js';
import { SlowReaders } from './slow-read-guard.js';
import { Traffic } from './connection-tracker.js';

const settings = SettingsModule.forFeature(ServerSettings);

/** The HTTP server: limits, load shedding, probes and graceful shutdown. The application also runs without it. */
@Global()
@Module({
  imports: [settings],
  providers: [Admission, Arrivals, GracefulShutdown, ProbePort, SlowReaders, Traffic],
  exports: [settings, ProbePort],
})
export class ServerModule implements OnModuleInit {
  constructor(
    private readonly observers: RequestObservers,
    private readonly readiness: ReadinessRegistry,
    private readonly shutdown: GracefulShutdown,
  ) {}

  onModuleInit(): void {
    const { observers, readiness, shutdown } = this;
    observers.onBegin((response) => {
      shutdown.began(response);
      arrived(response);
    });
    observers.onEnd(({ response }) => shutdown.ended(response));
    readiness.add('server', () => (shutdown.isStopping ? { ok: false, detail: 'stopping' } : { ok: true }));
  }
}
