import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
import { PreparedStatements, rowLock } from '../platform/database/index.js';
import type { Position } from '../platform/http/index.js';
import { MAX_ID, Menu } from './entities/menu.entity.js';
import { isDescending, type MenuListing, sortColumns } from './menu-listing.js';

/** Database access to menus. Call the methods that take a manager inside a unit of work. */
@Injectable()
export class MenusRepository {
  private readonly statements = new PreparedStatements(Menu, 'id');

  constructor(@InjectRepository(Menu) private readonly menus: Repository<Menu>) {}

  async findById(id: number): Promise<Menu | null> {
    return id > MAX_ID ? null : this.statements.find(this.menus.manager, id);
  }

  /**
   * The first `limit` menus of a listing, from its start or after a position (keyset pagination). A position of two columns
   * takes two queries, each a range scan of the sort order's index: first the rows with an equal first column and a greater
   * id, then the rows with a greater first column. A single row-value comparison would not do: SQLite then reads all rows
   * with the same name, or price, before it finds the first result.
   */
  async findPage(listing: MenuListing, limit: number, after?: Position): Promise<Menu[]> {
    if (!after) return this.findRange(listing, limit, []);
    const found: Menu[] = [];
    for (let depth = after.length; depth > 0 && found.length < limit; depth -= 1) {
      found.push(...(await this.findRange(listing, limit - found.length, after.slice(0, depth))));
    }
    return found;
  }

  /** 0 for an empty catalogue. */
  async meanPrice(): Promise<number> {
    return (await this.menus.average('price')) ?? 0;
  }

  /** The menu, locked until the transaction ends. */
  async findForUpdate(id: number, manager: EntityManager): Promise<Menu | null> {
    return id > MAX_ID ? null : this.statements.findForUpdate(manager, id);
  }

  /** Names and prices of a member's menus with one of these names, newest first. */
  findOwnPrices(ownerId: string, names: readonly string[]): Promise<{ name: string; price: number }[]> {
    const query = ownWithName(this.menus.manager, ownerId, names);
    return query.select(['menu.name AS name', 'menu.price AS price']).getRawMany();
  }

  /** A member's menus with one of these names, newest first, locked until the transaction ends. */
  findOwnForUpdate(ownerId: string, names: readonly string[], manager: EntityManager): Promise<Menu[]> {
    const query = ownWithName(manager, ownerId, names);
    if (rowLock(manager)) query.setLock('pessimistic_write');
    return query.getMany();
  }

  /** Inserts a menu, and sets its generated id. */
  async add(menu: Menu, manager: EntityManager): Promise<void> {
    await this.statements.insert(manager, menu);
  }

  async update(menu: Menu, manager: EntityManager): Promise<void> {
    await this.statements.update(manager, menu);
  }

  async remove({ id }: Menu, manager: EntityManager): Promise<void> {
    await manager.delete(Menu, { id });
  }

  /** Sets the owner of all menus of a member to null. */
  async removeOwner(ownerId: string, now: Date, manager: EntityManager): Promise<void> {
    await manager.update(Menu, { ownerId }, { ownerId: null, updatedAt: now, version: () => 'version + 1' });
  }

  private findRange(listing: MenuListing, limit: number, bounds: Position): Promise<Menu[]> {
    const query = this.menus.createQueryBuilder('menu').limit(limit);
    // First: SQLite seeks by the first lower bound in the query, and minPrice is less selective.
    whereInRange(query, listing, bounds);
    whereMatches(query, listing);
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
      // The concatenation keeps the planner off the owner index: a member may own far more menus than there are names.
      .andWhere(`menu.ownerId || '' = :ownerId`, { ownerId })
      .orderBy('menu.id', 'DESC')
  );
}

/** Rows past the last column of `bounds` that equal `bounds` in the columns before it. */
function whereInRange(query: SelectQueryBuilder<Menu>, { sort }: MenuListing, bounds: Position): void {
  sortColumns(sort)
    .slice(0, bounds.length)
    .forEach((column, index) => {
      const isLast = index === bounds.length - 1;
      const comparison = isLast ? (isDescending(sort) ? '<' : '>') : '=';
      query.andWhere(`menu.${column} ${comparison} :bound${index}`, { [`bound${index}`]: bounds[index] });
    });
}

function whereMatches(query: SelectQueryBuilder<Menu>, { partOfNameKey, minPrice, maxPrice }: MenuListing): void {
  if (partOfNameKey !== undefined) {
    query.andWhere(`menu.nameKey LIKE :pattern ESCAPE '\\'`, { pattern: `%${escapeLikePattern(partOfNameKey)}%` });
  }
  if (minPrice !== undefined) query.andWhere('menu.price >= :minPrice', { minPrice });
  if (maxPrice !== undefined) query.andWhere('menu.price <= :maxPrice', { maxPrice });
}

/** Makes `%`, `_` and `\` match themselves in a LIKE pattern. */
function escapeLikePattern(text: string): string {
  return text.replace(/[%_\\]/g, '\\$&');
}
