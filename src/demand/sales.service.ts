import { Injectable } from '@nestjs/common';
import type { AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import { type Actor, SecurityLog } from '../platform/logging/index.js';
import { MenuCatalogue } from '../menus/index.js';
import { SaleNotYoursError } from './demand.errors.js';
import { Sale } from './entities/sale.entity.js';
import { SalesRepository } from './sales.repository.js';

/** A sale to record, and the caller. */
export interface NewSale {
  readonly menuId: number;
  readonly quantity: number;
  /** By default now. */
  readonly soldAt?: Date;
  readonly member: AuthenticatedMember;
  readonly actor: Actor;
}

@Injectable()
export class SalesService {
  constructor(
    private readonly catalogue: MenuCatalogue,
    private readonly sales: SalesRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly security: SecurityLog,
  ) {}

  /**
   * Records a sale at the menu's current price.
   *
   * @throws MenuNotFoundError
   * @throws SaleNotYoursError unless the member owns the menu or is an administrator
   */
  record({ menuId, quantity, soldAt = new Date(), member, actor }: NewSale): Promise<Sale> {
    return this.unitOfWork.run(async (manager) => {
      const { price, ownerId } = await this.catalogue.findForUpdate(menuId, manager);
      if (ownerId !== member.id && member.role !== 'admin') throw this.refuse(menuId, actor);
      const sale = Object.assign(new Sale(), { menuId, quantity, price, soldAt });
      await this.sales.add(sale, manager);
      return sale;
    });
  }

  /** Logs the refusal. */
  private refuse(menuId: number, actor: Actor): SaleNotYoursError {
    const error = new SaleNotYoursError();
    this.security.record('auth.refused', actor, { code: error.code, menuId });
    return error;
  }
}
