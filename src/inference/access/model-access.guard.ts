import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Model, ModelStore } from '../../serving/index.js';
import { ModelAccess } from './model-access.js';
import { PredictionRateLimiter } from './prediction-rate-limiter.js';

/** Finds the requested model, and enforces its `access` and `PREDICT_RATE` before the body is read. */
@Injectable()
export class ModelAccessGuard implements CanActivate {
  constructor(
    private readonly store: ModelStore,
    private readonly access: ModelAccess,
    private readonly rateLimiter: PredictionRateLimiter,
  ) {}

  /** @throws ModelNotFoundError, NotAuthenticatedError, ForbiddenError, TooManyPredictionsError */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { name } = request.params;
    const model = typeof name === 'string' ? this.store.get(name) : this.store.default;
    request.model = model;
    if (model.access === 'public' && !this.rateLimiter.isEnabled) return true;
    return this.authorize(model, request, http.getResponse<Response>());
  }

  private async authorize(model: Model, request: Request, response: Response): Promise<true> {
    await this.access.require(model, request, response);
    await this.rateLimiter.consume(request, response);
    return true;
  }
}
