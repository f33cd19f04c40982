import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ReadinessRegistry } from '../platform/health/index.js';
import { ModelStore } from '../serving/index.js';
import { sendJson } from './send-response.js';
import { LiveDto, ModelNamesDto, ReadyDto, ServerMetadataDto } from './dto/metadata.dto.js';
import { StatisticsDto } from './dto/statistics.dto.js';
import { OpenInferenceOperation } from './open-inference.docs.js';
import { statisticsOf } from './statistics.js';

/** `docs/open-inference-protocol.md` lists which parts of each extension are supported. */
const SERVER: ServerMetadataDto = {
  name: 'barista',
  version: '0.1.0',
  extensions: ['binary_tensor_data', 'classification', 'model_configuration', 'model_repository', 'statistics'],
};

/** The server and all its models. */
@ApiTags('open-inference')
@Controller('v2')
export class OpenInferenceController {
  constructor(
    private readonly store: ModelStore,
    private readonly readiness: ReadinessRegistry,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Name, version and extensions of this server' })
  @ApiOkResponse({ type: ServerMetadataDto })
  @OpenInferenceOperation()
  server(@Res() response: Response): void {
    sendJson(response, SERVER);
  }

  @Get('health/live')
  @ApiOperation({ summary: 'Liveness of the process' })
  @ApiOkResponse({ type: LiveDto })
  @OpenInferenceOperation()
  live(@Res() response: Response): void {
    sendJson(response, { live: true } satisfies LiveDto);
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'Readiness of the process for requests' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiResponse({ status: 503, type: ReadyDto, description: 'Not ready' })
  @OpenInferenceOperation()
  async ready(@Res() response: Response): Promise<void> {
    const { ok } = await this.readiness.evaluate();
    sendJson(response, { ready: ok } satisfies ReadyDto, ok ? 200 : 503);
  }

  @Get('models')
  @ApiOperation({ summary: 'The names of all models' })
  @ApiOkResponse({ type: ModelNamesDto })
  @OpenInferenceOperation()
  list(@Res() response: Response): void {
    sendJson(response, { models: this.store.all().map(({ name }) => name) } satisfies ModelNamesDto);
  }

  @Get('models/stats')
  @ApiOperation({ summary: 'Statistics of every version of every model' })
  @ApiOkResponse({ type: StatisticsDto })
  @OpenInferenceOperation()
  statistics(@Res() response: Response): void {
    const model_stats = this.store.all().flatMap((model) => statisticsOf(model));
    sendJson(response, { model_stats } satisfies StatisticsDto);
  }
}
