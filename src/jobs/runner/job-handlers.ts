import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { StartupError } from '../../platform/logging/index.js';
import { JOB_HANDLER } from '../job-handler.decorator.js';
import type { JobWork } from '../job-work.js';

/** The handlers that features have, by kind. */
@Injectable()
export class JobHandlers implements OnModuleInit {
  private readonly byKind = new Map<string, JobWork>();

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
      this.byKind.set(kind, instance as JobWork);
    }
  }

  of(kind: string): JobWork | undefined {
    return this.byKind.get(kind);
  }
}
