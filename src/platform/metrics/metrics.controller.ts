import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Header, Headers } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, bearerTokenOf, DomainError } from '../http/index.js';
import { Metrics } from './metrics.service.js';
import { MetricsSettings } from './metrics.settings.js';

class MetricsNotServedError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'metrics.not-served';
}

class MetricsTokenError extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'metrics.token-required';
  override readonly headers = { 'WWW-Authenticate': 'Bearer' };
}

@ApiTags('system')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly settings: MetricsSettings,
  ) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiBearerAuth('metrics-token')
  @ApiOperation({ summary: 'Metrics for Prometheus' })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiProblems({ 401: 'The request lacks METRICS_TOKEN', 404: 'Not served: production without METRICS_TOKEN' })
  async show(@Headers('authorization') authorization: string | undefined): Promise<string> {
    const { token, isServed } = this.settings;
    if (!isServed) throw new MetricsNotServedError('Set METRICS_TOKEN to serve metrics in production.');
    if (token !== undefined && !timingSafeEqualText(bearerTokenOf(authorization) ?? '', token)) {
      throw new MetricsTokenError('Send the metrics token as Authorization: Bearer <token>.');
    }
    return this.metrics.registry.metrics();
  }
}

/** Compares in constant time, so that the response time does not reveal a prefix of the token. */
function timingSafeEqualText(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
