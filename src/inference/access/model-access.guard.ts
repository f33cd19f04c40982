import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Model, ModelStore } from '../../serving/index.js';
import { ModelAccess } from './model-access.js';
import { PredictionRate } from './prediction-rate.js';

/** Lets those predict whom the manifest's `access` lets, as often as `PREDICT_RATE` does; before the body is read. */
@Injectable()
export class ModelAccessGuard implements CanActivate {
  constructor(
    private readonly store: ModelStore,
    private readonly access: ModelAccess,
    private readonly rate: PredictionRate,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { name } = request.params;
    const model = typeof name === 'string' ? this.store.get(name) : this.store.default;
    request.model = model;
    if (model.access === 'public' && !this.rate.isLimited) return true;
    return this.admit(model, request, http.getResponse<Response>());
  }

  private async admit(model: Model, request: Request, response: Response): Promise<true> {
    await this.access.require(model, request, response);
    await this.rate.count(request, response);
    return true;
  }
}
