import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { IdentityService } from '../../auth/index.js';
import { networkOf } from '../../platform/http/index.js';
import { TooManyPredictionsError } from '../inference.errors.js';
import { InferenceSettings } from '../inference.settings.js';

const WINDOW_SECONDS = 60;

/** Limits prediction requests to `PREDICT_RATE` a minute for each member, or each address where nobody is logged in. */
@Injectable()
export class PredictionRateLimiter implements OnModuleInit {
  readonly isEnabled: boolean;
  private limiter: RateLimiterMemory | undefined;

  constructor(
    private readonly settings: InferenceSettings,
    private readonly identity: IdentityService,
  ) {
    this.isEnabled = settings.predictRate !== undefined;
  }

  async onModuleInit(): Promise<void> {
    const { predictRate: points } = this.settings;
    if (points === undefined) return;
    // Imported here so that applications without a limit do not load it.
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    this.limiter = new RateLimiterMemory({ points, duration: WINDOW_SECONDS });
  }

  /**
   * Counts one request, regardless of its number of rows.
   *
   * @throws TooManyPredictionsError
   */
  async consume(request: Request, response: Response): Promise<void> {
    const member = await this.identity.authenticate(request, response);
    const caller = member ? `member ${member.id}` : `address ${networkOf(request.ip ?? '')}`;
    try {
      await this.limiter?.consume(caller);
    } catch (rejection) {
      if (rejection instanceof Error) throw rejection;
      throw new TooManyPredictionsError(this.settings.predictRate!, (rejection as RateLimiterRes).msBeforeNext);
    }
  }
}
