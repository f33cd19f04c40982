import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ForbiddenError, IdentityService, NotAuthenticatedError } from '../../auth/index.js';
import { actorOf } from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import type { Model } from '../../serving/index.js';

/** What keeps a caller from a model: nothing, that nobody is logged in, or that they are no administrator. */
export type Admission = 'admitted' | 'login-required' | 'role-required';

/** Who may use a model, and see its report: those whom the manifest's `access` lets. */
@Injectable()
export class ModelAccess {
  constructor(
    private readonly identity: IdentityService,
    private readonly security: SecurityLog,
  ) {}

  async admissionTo({ access }: Model, request: Request, response: Response): Promise<Admission> {
    if (access === 'public') return 'admitted';
    const member = await this.identity.authenticate(request, response);
    if (!member) return 'login-required';
    return access === 'admin' && member.role !== 'admin' ? 'role-required' : 'admitted';
  }

  /** @throws NotAuthenticatedError, ForbiddenError */
  async require(model: Model, request: Request, response: Response): Promise<void> {
    const admission = await this.admissionTo(model, request, response);
    if (admission === 'login-required') throw new NotAuthenticatedError();
    if (admission === 'admitted') return;
    const refusal = new ForbiddenError('model.access-denied', `Only administrators may predict with "${model.name}".`);
    this.security.record('model.refused', actorOf(request), { code: refusal.code, model: model.name });
    throw refusal;
  }
}
