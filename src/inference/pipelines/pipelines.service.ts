import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { OpenApiService } from '../../platform/docs/index.js';
import { StartError } from '../../platform/logging/index.js';
import type { Prediction } from '../../serving/index.js';
import { type Pipeline, PIPELINE, type PipelineMetadata } from './pipeline.decorator.js';

/** A pipeline as found: its types are those of its own DTOs. */
export interface FoundPipeline {
  readonly metadata: PipelineMetadata;
  readonly steps: Pipeline<object, object, Prediction, unknown>;
}

/** The pipelines that features have, by model. */
@Injectable()
export class Pipelines implements OnModuleInit {
  private readonly byModel = new Map<string, FoundPipeline>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly openApi: OpenApiService,
  ) {}

  onModuleInit(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const metadata = this.reflector.get<PipelineMetadata | undefined>(PIPELINE, metatype);
      if (metadata) this.add({ metadata, steps: instance as FoundPipeline['steps'] });
    }
  }

  of(model: string): FoundPipeline | undefined {
    return this.byModel.get(model);
  }

  private add(found: FoundPipeline): void {
    const { model, input, answer } = found.metadata;
    if (this.byModel.has(model)) throw new StartError(`Two providers are the @Pipeline of the model "${model}"`);
    this.byModel.set(model, found);
    this.openApi.addModels([input, answer].filter((type) => type !== undefined));
  }
}
