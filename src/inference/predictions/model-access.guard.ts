import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ForbiddenError, Identity, NotAuthenticatedError } from '../../auth/index.js';
import { actorOf } from '../../http/index.js';
import { SecurityLog } from '../../logging/index.js';
import type { Model } from '../store/model.js';
import { ModelStore } from '../store/model-store.js';
import { PredictionRate } from './prediction-rate.js';

/** Lets those predict whom the manifest's `access` lets, as often as `PREDICT_RATE` does; before the body is read. */
@Injectable()
export class ModelAccessGuard implements CanActivate {
  constructor(
    private readonly store: ModelStore,
    private readonly identity: Identity,
    private readonly rate: PredictionRate,
    private readonly security: SecurityLog,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { name } = request.params;
    const model = typeof name === 'string' ? this.store.get(name) : this.store.default;
    if (model.access === 'public' && !this.rate.isLimited) return true;
    return this.admit(model, request, http.getResponse<Response>());
  }

  private async admit(model: Model, request: Request, response: Response): Promise<true> {
    if (model.access !== 'public') await this.demandAccess(model, request, response);
    await this.rate.count(request, response);
    return true;
  }

  private async demandAccess(model: Model, request: Request, response: Response): Promise<void> {
    const member = await this.identity.identify(request, response);
    if (!member) throw new NotAuthenticatedError();
    if (model.access !== 'admin' || member.role === 'admin') return;
    const refusal = new ForbiddenError('model.access-denied', `Only administrators may predict with "${model.name}".`);
    this.security.record('model.refused', actorOf(request), { code: refusal.code, model: model.name });
    throw refusal;
  }
}
