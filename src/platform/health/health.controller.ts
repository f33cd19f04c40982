import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Response } from 'express';
import { ReadinessRegistry } from './readiness-registry.js';

const LIVE = { status: 'ok' };

class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  status!: string;
}

class ReadinessDto {
  @ApiProperty({ enum: ['ok', 'error'] })
  status!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The state of each component, or of each member of a component',
    example: { models: { iris: 'ready' }, database: 'up' },
  })
  details!: object;
}

@ApiTags('system')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: ReadinessRegistry,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Liveness: whether the process responds' })
  @ApiOkResponse({ type: LivenessDto })
  live(): LivenessDto {
    return LIVE;
  }

  @Get('ready')
  @ApiOperation({ summary: 'Readiness: whether the process can take requests, and the state of its components' })
  @ApiOkResponse({ type: ReadinessDto })
  @ApiServiceUnavailableResponse({
    type: ReadinessDto,
    description: 'Not ready; `details` names the components that are missing',
  })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessDto> {
    const { ok, details } = await this.readiness.evaluate();
    const indicator = this.indicators.check('barista');
    const isReady = await this.health
      .check([() => (ok ? indicator.up() : indicator.down())])
      .then((result) => result.status === 'ok')
      .catch(() => false);
    response.status(isReady ? 200 : 503);
    return { status: isReady ? 'ok' : 'error', details };
  }
}
