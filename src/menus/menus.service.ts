import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { IdentityService, type AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import { matchesStrongly, type Page, pageOf } from '../platform/http/index.js';
import { type Actor, SecurityLog } from '../platform/logging/index.js';
import { Menu } from './entities/menu.entity.js';
import { cursorKey, positionIn } from './menu-cursor.js';
import { type MenuListing, positionOf } from './menu-listing.js';
import {
  MenuNotFoundError,
  MenuNotYoursError,
  MenuStaleError,
  NothingToChangeError,
  PriceRangeError,
} from './menus.errors.js';
import { MenusRepository } from './menus.repository.js';
import { nameKey } from './name-key.js';

export interface MenuFields {
  readonly name: string;
  readonly price: number;
}

/** Who changes which menu, and which state of it they have in mind (`If-Match`). */
export interface MenuEdit {
  readonly id: number;
  readonly by: AuthenticatedMember;
  readonly actor: Actor;
  readonly ifMatch?: string;
}

@Injectable()
export class MenusService {
  constructor(
    private readonly identity: IdentityService,
    private readonly menus: MenusRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly security: SecurityLog,
  ) {}

  /** At most `limit` menus of a listing, from its start or from a cursor on. */
  async list(listing: MenuListing, limit: number, cursor?: string): Promise<Page<Menu>> {
    if ((listing.minPrice ?? 0) > (listing.maxPrice ?? Infinity)) throw new PriceRangeError();
    const after = cursor === undefined ? undefined : positionIn(listing, cursor);
    const found = await this.menus.findPage(listing, limit + 1, after);
    return pageOf(found, limit, { listing: cursorKey(listing), positionOf: (menu) => positionOf(menu, listing) });
  }

  async find(id: number): Promise<Menu> {
    const menu = await this.menus.findById(id);
    if (!menu) throw new MenuNotFoundError();
    return menu;
  }

  create(fields: MenuFields, owner: AuthenticatedMember): Promise<Menu> {
    return this.unitOfWork.run(async (manager) => {
      await this.identity.lockMember(owner, manager);
      return this.add(fields, owner.id, manager);
    });
  }

  /** Adds a menu of a member who is held. Belongs into a unit of work. */
  async add({ name, price }: MenuFields, ownerId: string, manager: EntityManager): Promise<Menu> {
    const now = new Date();
    const fields = { name, nameKey: nameKey(name), price, ownerId, version: 1, createdAt: now, updatedAt: now };
    const menu = Object.assign(new Menu(), fields);
    await this.menus.add(menu, manager);
    return menu;
  }

  /** Changes what is given. What is there already is not written, and leaves the menu's entity tag as it is. */
  async change(edit: MenuEdit, { name, price }: Partial<MenuFields>): Promise<Menu> {
    if (name === undefined && price === undefined) throw new NothingToChangeError();
    return this.edit(edit, (menu, manager) => this.revise(menu, { name, price }, manager));
  }

  /** The same for a menu that nobody else changes meanwhile. Belongs into a unit of work. */
  async revise(menu: Menu, changes: Partial<MenuFields>, manager: EntityManager): Promise<void> {
    const { name = menu.name, price = menu.price } = changes;
    if (name === menu.name && price === menu.price) return;
    const version = menu.version + 1;
    Object.assign(menu, { name, price, nameKey: nameKey(name), version, updatedAt: new Date() });
    await this.menus.update(menu, manager);
  }

  async remove(edit: MenuEdit): Promise<void> {
    await this.edit(edit, (menu, manager) => this.menus.remove(menu, manager));
  }

  /** Keeps a member's menus in the catalogue when they withdraw. */
  async disown(memberId: string, manager: EntityManager): Promise<void> {
    await this.menus.disown(memberId, new Date(), manager);
  }

  /** Checks and writes in one transaction, so that of two who have the same state in mind one comes too late. */
  private edit(edit: MenuEdit, write: (menu: Menu, manager: EntityManager) => Promise<void>): Promise<Menu> {
    const { id, by, ifMatch } = edit;
    return this.unitOfWork.run(async (manager) => {
      const menu = await this.menus.findForUpdate(id, manager);
      if (!menu) throw new MenuNotFoundError();
      if (menu.ownerId !== by.id && by.role !== 'admin') throw this.refusal(edit);
      if (ifMatch !== undefined && !matchesStrongly(ifMatch, menu.entityTag)) throw new MenuStaleError();
      await write(menu, manager);
      return menu;
    });
  }

  private refusal({ id, actor }: MenuEdit): MenuNotYoursError {
    const refusal = new MenuNotYoursError();
    this.security.record('auth.refused', actor, { code: refusal.code, menuId: id });
    return refusal;
  }
}
