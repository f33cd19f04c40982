import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
import { PreparedStatements, rowLock } from '../platform/database/index.js';
import type { Position } from '../platform/http/index.js';
import { MAX_ID, Menu } from './entities/menu.entity.js';
import { isDescending, type MenuListing, sortColumns } from './menu-listing.js';

/** The menus as rows. What takes a manager belongs into a unit of work. */
@Injectable()
export class MenusRepository {
  private readonly statements = new PreparedStatements(Menu, 'id');

  constructor(@InjectRepository(Menu) private readonly menus: Repository<Menu>) {}

  async findById(id: number): Promise<Menu | null> {
    return id > MAX_ID ? null : this.statements.find(this.menus.manager, id);
  }

  /**
   * The first `limit` menus of a listing, or the first after a position in it: those that share all but the position's
   * last column, then those that share one column less. Each part is a stretch of the sort order's index. One comparison
   * of both columns would not be: SQLite reads all rows of the same name, or price, before it finds the first.
   */
  async findPage(listing: MenuListing, limit: number, after?: Position): Promise<Menu[]> {
    if (!after) return this.findStretch(listing, limit, []);
    const found: Menu[] = [];
    for (let depth = after.length; depth > 0 && found.length < limit; depth -= 1) {
      found.push(...(await this.findStretch(listing, limit - found.length, after.slice(0, depth))));
    }
    return found;
  }

  /** 0 where there are no menus. */
  async meanPrice(): Promise<number> {
    return (await this.menus.average('price')) ?? 0;
  }

  /** The menu, which nobody else changes until the transaction ends. */
  async findForUpdate(id: number, manager: EntityManager): Promise<Menu | null> {
    return id > MAX_ID ? null : this.statements.findForUpdate(manager, id);
  }

  /** What a member's menus with one of these names cost, the oldest last. */
  findOwnPrices(ownerId: string, names: readonly string[]): Promise<{ name: string; price: number }[]> {
    const query = ownWithName(this.menus.manager, ownerId, names);
    return query.select(['menu.name AS name', 'menu.price AS price']).getRawMany();
  }

  /** A member's menus with one of these names, the oldest last, which nobody else changes until the transaction ends. */
  findOwnForChange(ownerId: string, names: readonly string[], manager: EntityManager): Promise<Menu[]> {
    const query = ownWithName(manager, ownerId, names);
    if (rowLock(manager)) query.setLock('pessimistic_write');
    return query.getMany();
  }

  /** Adds a new menu, and gives it its id. */
  async add(menu: Menu, manager: EntityManager): Promise<void> {
    await this.statements.insert(manager, menu);
  }

  async update(menu: Menu, manager: EntityManager): Promise<void> {
    await this.statements.update(manager, menu);
  }

  async remove({ id }: Menu, manager: EntityManager): Promise<void> {
    await manager.delete(Menu, { id });
  }

  /** Leaves the menus of a member without an owner. */
  async disown(ownerId: string, now: Date, manager: EntityManager): Promise<void> {
    await manager.update(Menu, { ownerId }, { ownerId: null, updatedAt: now, version: () => 'version + 1' });
  }

  private findStretch(listing: MenuListing, limit: number, bounds: Position): Promise<Menu[]> {
    const query = this.menus.createQueryBuilder('menu').limit(limit);
    // First, since SQLite begins at the first lower bound that it reads, and minPrice is a worse one.
    beyond(query, listing, bounds);
    filter(query, listing);
    const direction = isDescending(listing.sort) ? 'DESC' : 'ASC';
    for (const column of sortColumns(listing.sort)) query.addOrderBy(`menu.${column}`, direction);
    return query.getMany();
  }
}

function ownWithName(manager: EntityManager, ownerId: string, names: readonly string[]): SelectQueryBuilder<Menu> {
  return (
    manager
      .createQueryBuilder(Menu, 'menu')
      .where('menu.name IN (:...names)', { names })
      // Not by the index of owners: a member may have far more menus than there are names.
      .andWhere(`menu.ownerId || '' = :ownerId`, { ownerId })
      .orderBy('menu.id', 'DESC')
  );
}

/** The end of `bounds` is passed, what comes before it is shared. */
function beyond(query: SelectQueryBuilder<Menu>, { sort }: MenuListing, bounds: Position): void {
  sortColumns(sort)
    .slice(0, bounds.length)
    .forEach((column, index) => {
      const isLast = index === bounds.length - 1;
      const comparison = isLast ? (isDescending(sort) ? '<' : '>') : '=';
      query.andWhere(`menu.${column} ${comparison} :bound${index}`, { [`bound${index}`]: bounds[index] });
    });
}

function filter(query: SelectQueryBuilder<Menu>, { partOfNameKey, minPrice, maxPrice }: MenuListing): void {
  if (partOfNameKey !== undefined) {
    query.andWhere(`menu.nameKey LIKE :pattern ESCAPE '\\'`, { pattern: `%${literal(partOfNameKey)}%` });
  }
  if (minPrice !== undefined) query.andWhere('menu.price >= :minPrice', { minPrice });
  if (maxPrice !== undefined) query.andWhere('menu.price <= :maxPrice', { maxPrice });
}

/** Text whose `%`, `_` and `\` a LIKE pattern takes as they are. */
function literal(text: string): string {
  return text.replace(/[%_\\]/g, '\\$&');
}
