import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { OpenApiService } from '../../platform/docs/index.js';
import { StartupError } from '../../platform/logging/index.js';
import type { Prediction } from '../../serving/index.js';
import { type Pipeline, PIPELINE, type PipelineMetadata } from './pipeline.decorator.js';

/** A provider with `@Pipeline`. The types of its steps are those of its own DTOs. */
export interface RegisteredPipeline {
  readonly metadata: PipelineMetadata;
  readonly steps: Pipeline<object, object, Prediction, unknown>;
}

/** Finds every provider with `@Pipeline` when the application starts. */
@Injectable()
export class PipelineRegistry implements OnModuleInit {
  private readonly byModel = new Map<string, RegisteredPipeline>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly openApi: OpenApiService,
  ) {}

  /** @throws StartupError where a model has two pipelines */
  onModuleInit(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const metadata = this.reflector.get<PipelineMetadata | undefined>(PIPELINE, metatype);
      if (metadata) this.register({ metadata, steps: instance as RegisteredPipeline['steps'] });
    }
  }

  find(model: string): RegisteredPipeline | undefined {
    return this.byModel.get(model);
  }

  private register(pipeline: RegisteredPipeline): void {
    const { model, input, answer } = pipeline.metadata;
    if (this.byModel.has(model)) throw new StartupError(`Two providers are the @Pipeline of the model "${model}"`);
    this.byModel.set(model, pipeline);
    this.openApi.addModels([input, answer].filter((type) => type !== undefined));
  }
}
