import { Injectable } from '@nestjs/common';
import type { AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import { type Actor, SecurityLog } from '../platform/logging/index.js';
import { MenuCatalogue } from '../menus/index.js';
import { SaleNotYoursError } from './demand.errors.js';
import { Sale } from './entities/sale.entity.js';
import { SalesRepository } from './sales.repository.js';

/** What was sold of which menu, and who says so. */
export interface NewSale {
  readonly menuId: number;
  readonly quantity: number;
  /** Now, where it is left out. */
  readonly soldAt?: Date;
  readonly by: AuthenticatedMember;
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

  /** Records a sale at the price that the menu has now. */
  record({ menuId, quantity, soldAt = new Date(), by, actor }: NewSale): Promise<Sale> {
    return this.unitOfWork.run(async (manager) => {
      const { price, ownerId } = await this.catalogue.hold(menuId, manager);
      if (ownerId !== by.id && by.role !== 'admin') throw this.refusal(menuId, actor);
      const sale = Object.assign(new Sale(), { menuId, quantity, price, soldAt });
      await this.sales.add(sale, manager);
      return sale;
    });
  }

  private refusal(menuId: number, actor: Actor): SaleNotYoursError {
    const refusal = new SaleNotYoursError();
    this.security.record('auth.refused', actor, { code: refusal.code, menuId });
    return refusal;
  }
}
