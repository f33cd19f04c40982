import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Model, ModelStore } from '../../serving/index.js';
import { ModelAccess } from './model-access.js';
import { PredictionRateLimiter } from './prediction-rate-limiter.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** The requested model; set by `ModelAccessGuard`. */
    model?: Model;
  }
}

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

/** Injects the requested model. */
export const CurrentModel = createParamDecorator((_: unknown, context: ExecutionContext): Model => {
  return modelOf(context.switchToHttp().getRequest<Request>());
});

/** The model that `ModelAccessGuard` has found for a request. */
export function modelOf({ model }: Request): Model {
  if (!model) throw new Error('The handler lacks @UseGuards(ModelAccessGuard)');
  return model;
}
