import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { StartupError } from '../../platform/logging/index.js';
import { JOB_HANDLER, type JobHandler } from '../job-handler.js';

/** Registry of the providers decorated with `@JobHandler`, by kind. */
@Injectable()
export class JobHandlers implements OnModuleInit {
  private readonly byKind = new Map<string, JobHandler>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const kind = this.reflector.get<string | undefined>(JOB_HANDLER, metatype);
      if (kind === undefined) continue;
      if (this.byKind.has(kind)) throw new StartupError(`Two providers are the @JobHandler of the kind "${kind}"`);
      this.byKind.set(kind, instance as JobHandler);
    }
  }

  find(kind: string): JobHandler | undefined {
    return this.byKind.get(kind);
  }
}
