import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { IdentityService } from '../../auth/index.js';
import { networkOf } from '../../platform/http/index.js';
import { TooManyPredictionsError } from '../inference.errors.js';
import { InferenceSettings } from '../inference.settings.js';

const WINDOW_SECONDS = 60;

/** How many requests for predictions a member, or an address where nobody is logged in, may make a minute: `PREDICT_RATE`. */
@Injectable()
export class PredictionRate implements OnModuleInit {
  private limiter: RateLimiterMemory | undefined;

  constructor(
    private readonly settings: InferenceSettings,
    private readonly identity: IdentityService,
  ) {}

  async onModuleInit(): Promise<void> {
    const { predictRate: points } = this.settings;
    if (points === undefined) return;
    // Only here: nobody else has to wait for it to load.
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    this.limiter = new RateLimiterMemory({ points, duration: WINDOW_SECONDS });
  }

  get isLimited(): boolean {
    return this.limiter !== undefined;
  }

  /** Counts a request, however many rows it has. Throws TooManyPredictionsError. */
  async count(request: Request, response: Response): Promise<void> {
    const member = await this.identity.authenticate(request, response);
    const caller = member ? `member ${member.id}` : `address ${networkOf(request.ip ?? '')}`;
    try {
      await this.limiter?.consume(caller);
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      throw new TooManyPredictionsError(this.settings.predictRate!, (refusal as RateLimiterRes).msBeforeNext);
    }
  }
}
