import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { IdentityService, type AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import { matchesStrongly, type Page, pageOf } from '../platform/http/index.js';
import { type Actor, SecurityLog } from '../platform/logging/index.js';
import { Menu } from './entities/menu.entity.js';
import { cursorScope, decodeMenuCursor } from './menu-cursor.js';
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

/** The menu to change, the caller, and the precondition (`If-Match`). */
export interface MenuEdit {
  readonly id: number;
  readonly member: AuthenticatedMember;
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

  /**
   * One page of at most `limit` menus, from the start of the listing or after a cursor.
   *
   * @throws PriceRangeError if `minPrice` exceeds `maxPrice`
   * @throws InvalidCursorError
   */
  async list(listing: MenuListing, limit: number, cursor?: string): Promise<Page<Menu>> {
    if ((listing.minPrice ?? 0) > (listing.maxPrice ?? Infinity)) throw new PriceRangeError();
    const after = cursor === undefined ? undefined : decodeMenuCursor(listing, cursor);
    const found = await this.menus.findPage(listing, limit + 1, after);
    return pageOf(found, limit, { listing: cursorScope(listing), positionOf: (menu) => positionOf(menu, listing) });
  }

  /** @throws MenuNotFoundError */
  async find(id: number): Promise<Menu> {
    const menu = await this.menus.findById(id);
    if (!menu) throw new MenuNotFoundError();
    return menu;
  }

  /** @throws NotAuthenticatedError if the owner has withdrawn meanwhile */
  create(fields: MenuFields, owner: AuthenticatedMember): Promise<Menu> {
    return this.unitOfWork.run(async (manager) => {
      await this.identity.lockMember(owner, manager);
      return this.add(fields, owner.id, manager);
    });
  }

  /** Inserts a menu. Call it inside a unit of work that has locked the owner. */
  async add({ name, price }: MenuFields, ownerId: string, manager: EntityManager): Promise<Menu> {
    const now = new Date();
    const fields = { name, nameKey: nameKey(name), price, ownerId, version: 1, createdAt: now, updatedAt: now };
    const menu = Object.assign(new Menu(), fields);
    await this.menus.add(menu, manager);
    return menu;
  }

  /**
   * Updates the given fields. Writes nothing, and keeps the entity tag, if they have these values already.
   *
   * @throws NothingToChangeError without a field
   * @throws MenuNotFoundError
   * @throws MenuNotYoursError unless the member owns the menu or is an administrator
   * @throws MenuStaleError if `ifMatch` does not match the current entity tag
   */
  async change(edit: MenuEdit, { name, price }: Partial<MenuFields>): Promise<Menu> {
    if (name === undefined && price === undefined) throw new NothingToChangeError();
    return this.edit(edit, (menu, manager) => this.applyChanges(menu, { name, price }, manager));
  }

  /** Updates a menu that the caller's unit of work has locked. */
  async applyChanges(menu: Menu, changes: Partial<MenuFields>, manager: EntityManager): Promise<void> {
    const { name = menu.name, price = menu.price } = changes;
    if (name === menu.name && price === menu.price) return;
    const version = menu.version + 1;
    Object.assign(menu, { name, price, nameKey: nameKey(name), version, updatedAt: new Date() });
    await this.menus.update(menu, manager);
  }

  /**
   * Deletes a menu.
   *
   * @throws MenuNotFoundError
   * @throws MenuNotYoursError unless the member owns the menu or is an administrator
   * @throws MenuStaleError if `ifMatch` does not match the current entity tag
   */
  async remove(edit: MenuEdit): Promise<void> {
    await this.edit(edit, (menu, manager) => this.menus.remove(menu, manager));
  }

  /** Keeps a withdrawing member's menus in the catalogue, without an owner. */
  async removeOwner(memberId: string, manager: EntityManager): Promise<void> {
    await this.menus.removeOwner(memberId, new Date(), manager);
  }

  /** Checks and writes in one transaction: of two edits with the same `If-Match`, the second fails as stale. */
  private edit(edit: MenuEdit, write: (menu: Menu, manager: EntityManager) => Promise<void>): Promise<Menu> {
    const { id, member, ifMatch } = edit;
    return this.unitOfWork.run(async (manager) => {
      const menu = await this.menus.findForUpdate(id, manager);
      if (!menu) throw new MenuNotFoundError();
      if (menu.ownerId !== member.id && member.role !== 'admin') throw this.refuse(edit);
      if (ifMatch !== undefined && !matchesStrongly(ifMatch, menu.entityTag)) throw new MenuStaleError();
      await write(menu, manager);
      return menu;
    });
  }

  /** Logs the refusal. */
  private refuse({ id, actor }: MenuEdit): MenuNotYoursError {
    const error = new MenuNotYoursError();
    this.security.record('auth.refused', actor, { code: error.code, menuId: id });
    return error;
  }
}
