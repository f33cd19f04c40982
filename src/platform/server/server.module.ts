import { Global, Module } from '@nestjs/common';
import { SettingsModule } from '../config/index.js';
import { ConnectionGate } from './connection-gate.js';
import { ConnectionTracker } from './connection-tracker.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { LoadShedder } from './load-shedder.js';
import { ProbePort } from './probe-port.js';
import { ServerSettings } from './server.settings.js';
import { SlowReadGuard } from './slow-read-guard.js';

const settings = SettingsModule.forFeature(ServerSettings);

/** Limits, load shedding, the probe port and graceful shutdown of the HTTP server. The application also runs without it. */
@Global()
@Module({
  imports: [settings],
  providers: [ConnectionGate, ConnectionTracker, GracefulShutdown, LoadShedder, ProbePort, SlowReadGuard],
  exports: [settings, ProbePort],
})
export class ServerModule {}
