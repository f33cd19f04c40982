import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SettingsModule } from '../config/index.js';
import { Log } from '../logging/index.js';
import { BodyReader, RequestInputGuard } from './body/request-input.guard.js';
import { ErrorFormats } from './errors/error-formats.js';
import { ErrorTranslators } from './errors/error-translators.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { HttpSettings } from './http.settings.js';
import { requestLogger, RequestObservers } from './request-tracking.js';

const settings = SettingsModule.forFeature(HttpSettings);

/** Reads requests and writes error responses in the same way for every feature, on any Express adapter. */
@Global()
@Module({
  imports: [settings],
  providers: [
    BodyReader,
    ErrorFormats,
    ErrorTranslators,
    ProblemFilter,
    RequestInputGuard,
    RequestObservers,
    { provide: APP_FILTER, useExisting: ProblemFilter },
  ],
  exports: [settings, ErrorFormats, ErrorTranslators, ProblemFilter, RequestObservers],
})
export class HttpModule {
  constructor(observers: RequestObservers, log: Log) {
    observers.onEnd(requestLogger(log));
  }
}
