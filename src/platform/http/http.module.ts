import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SettingsModule } from '../config/index.js';
import { Log } from '../logging/index.js';
import { BodyReader } from './body/body-reader.js';
import { RequestInputGuard } from './body/request-input.guard.js';
import { Admission } from '../server/admission.js';
import { Arrivals } from '../server/arrivals.js';
import { GracefulShutdown } from '../server/graceful-shutdown.js';
import { ProbePort } from '../server/probe-port.js';
import { RequestObservers } from './request-observers.js';
import { logRequest } from './request-tracking.js';
import { SlowReaders } from '../server/slow-readers.js';
import { Traffic } from '../server/traffic.js';
import { ErrorFormats } from './errors/error-formats.js';
import { ErrorTranslators } from './errors/error-translators.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { HttpSettings } from './http.settings.js';

const settings = SettingsModule.forFeature(HttpSettings);

/** How requests come in and answers go out, the same for every feature. */
@Global()
@Module({
  imports: [settings],
  providers: [
    Admission,
    Arrivals,
    BodyReader,
    ErrorFormats,
    ErrorTranslators,
    GracefulShutdown,
    ProbePort,
    ProblemFilter,
    RequestInputGuard,
    RequestObservers,
    SlowReaders,
    Traffic,
    { provide: APP_FILTER, useExisting: ProblemFilter },
  ],
  exports: [settings, ErrorFormats, ErrorTranslators, GracefulShutdown, ProbePort, ProblemFilter, RequestObservers],
})
export class HttpModule {
  constructor(observers: RequestObservers, log: Log) {
    observers.add((finished) => logRequest(log, finished));
  }
}
