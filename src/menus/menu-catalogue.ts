import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MenuNotFoundError } from './menus.errors.js';
import { MenusRepository } from './menus.repository.js';

/** The part of a menu that other modules may read. */
export interface MenuSummary {
  readonly id: number;
  /** In the smallest unit of the currency. */
  readonly price: number;
  readonly ownerId: string | null;
}

/** Read access to the catalogue for other modules. */
@Injectable()
export class MenuCatalogue {
  constructor(private readonly menus: MenusRepository) {}

  /** @throws MenuNotFoundError */
  async find(id: number): Promise<MenuSummary> {
    return toSummary(await this.menus.findById(id));
  }

  /**
   * Locks the menu until the transaction ends. Call it before inserting rows that belong to a menu.
   *
   * @throws MenuNotFoundError
   */
  async findForUpdate(id: number, manager: EntityManager): Promise<MenuSummary> {
    return toSummary(await this.menus.findForUpdate(id, manager));
  }

  /** Mean price of all menus; 0 for an empty catalogue. */
  meanPrice(): Promise<number> {
    return this.menus.meanPrice();
  }
}

function toSummary(menu: MenuSummary | null): MenuSummary {
  if (!menu) throw new MenuNotFoundError();
  const { id, price, ownerId } = menu;
  return { id, price, ownerId };
}
