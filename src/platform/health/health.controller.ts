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
    description: 'A word for each part, or for each member of a part',
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
  @ApiOperation({ summary: 'Whether the process serves at all' })
  @ApiOkResponse({ type: LivenessDto })
  live(): LivenessDto {
    return LIVE;
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the process should be sent requests, and what is missing' })
  @ApiOkResponse({ type: ReadinessDto })
  @ApiServiceUnavailableResponse({ type: ReadinessDto, description: 'Not ready; `details` names what is missing' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessDto> {
    const { ok, details } = await this.readiness.evaluate();
    const indicator = this.indicators.check('barista');
    const verdict = await this.health
      .check([() => (ok ? indicator.up() : indicator.down())])
      .then((result) => result.status === 'ok')
      .catch(() => false);
    response.status(verdict ? 200 : 503);
    return { status: verdict ? 'ok' : 'error', details };
  }
}
