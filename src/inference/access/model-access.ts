import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ForbiddenError, IdentityService, NotAuthenticatedError } from '../../auth/index.js';
import { actorOf } from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import type { Model } from '../../serving/index.js';

export type AccessDecision = 'granted' | 'login-required' | 'role-required';

/** Decides who may use a model and see its report, by `access` in `model.json`. */
@Injectable()
export class ModelAccess {
  constructor(
    private readonly identity: IdentityService,
    private readonly security: SecurityLog,
  ) {}

  async decide({ access }: Model, request: Request, response: Response): Promise<AccessDecision> {
    if (access === 'public') return 'granted';
    const member = await this.identity.authenticate(request, response);
    if (!member) return 'login-required';
    return access === 'admin' && member.role !== 'admin' ? 'role-required' : 'granted';
  }

  /** @throws NotAuthenticatedError, ForbiddenError */
  async require(model: Model, request: Request, response: Response): Promise<void> {
    const decision = await this.decide(model, request, response);
    if (decision === 'login-required') throw new NotAuthenticatedError();
    if (decision === 'granted') return;
    const error = new ForbiddenError('model.access-denied', `Only administrators may predict with "${model.name}".`);
    this.security.record('model.refused', actorOf(request), { code: error.code, model: model.name });
    throw error;
  }
}
