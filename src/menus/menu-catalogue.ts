import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MenuNotFoundError } from './menus.errors.js';
import { MenusRepository } from './menus.repository.js';

/** What other rooms may know of a menu. */
export interface MenuOffer {
  readonly id: number;
  /** In the smallest unit of the currency. */
  readonly price: number;
  readonly ownerId: string | null;
}

/** The catalogue, for other rooms to look things up in. Throws `MenuNotFoundError` for a menu that is not there. */
@Injectable()
export class MenuCatalogue {
  constructor(private readonly menus: MenusRepository) {}

  async find(id: number): Promise<MenuOffer> {
    return offered(await this.menus.findById(id));
  }

  /** The same, and nobody changes or deletes it until the transaction ends. For whoever adds what belongs to a menu. */
  async hold(id: number, manager: EntityManager): Promise<MenuOffer> {
    return offered(await this.menus.findForUpdate(id, manager));
  }

  /** The mean price of all menus; 0 where there is none. */
  meanPrice(): Promise<number> {
    return this.menus.meanPrice();
  }
}

function offered(menu: MenuOffer | null): MenuOffer {
  if (!menu) throw new MenuNotFoundError();
  const { id, price, ownerId } = menu;
  return { id, price, ownerId };
}
