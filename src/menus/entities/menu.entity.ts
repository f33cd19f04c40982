import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

/** In code points. */
export const MAX_NAME_LENGTH = 32;
/** In the smallest unit of the currency. */
export const MAX_PRICE = 1_000_000_000;
/** Largest value of a PostgreSQL `integer` column. */
export const MAX_ID = 2_147_483_647;

/** An item of the catalogue. Each sort order has an index, so that every page costs as much as the first. */
@Entity('menu')
@Index('menu_name_id', ['name', 'id'])
@Index('menu_price_id', ['price', 'id'])
@Index('menu_owner', ['ownerId'])
export class Menu {
  @PrimaryGeneratedColumn()
  id!: number;

  /** Sorts by code point: PostgreSQL does so in the "C" collation, SQLite always does. */
  @Column({ type: 'varchar', length: MAX_NAME_LENGTH, collation: 'C' })
  name!: string;

  /** The case-folded name that searches match, see `nameKey`. */
  @Column('text')
  nameKey!: string;

  @Column('integer')
  price!: number;

  /** The member who may change it; null once they have withdrawn. */
  @Column('varchar', { length: 36, nullable: true })
  ownerId!: string | null;

  /** Incremented by every change. */
  @Column('integer')
  version!: number;

  @InstantColumn()
  createdAt!: Date;

  @InstantColumn()
  updatedAt!: Date;

  /** The strong HTTP entity tag of the current state. */
  get entityTag(): string {
    return `"${this.id}-${this.version}"`;
  }
}
