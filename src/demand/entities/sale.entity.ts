import { Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

/** So many of a menu, sold at once. It goes when the menu goes. */
@Entity('sale')
@Index('sale_menu_sold_at', ['menuId', 'soldAt'])
export class Sale {
  @PrimaryGeneratedColumn()
  id!: number;

  /** By name, since the menu's entity is in a room of its own. */
  @ForeignKey('Menu', { name: 'sale_menu', onDelete: 'CASCADE' })
  @Column('integer')
  menuId!: number;

  @Column('integer')
  quantity!: number;

  /** What one cost when the sale was recorded, in the smallest unit of the currency. */
  @Column('integer')
  price!: number;

  @InstantColumn()
  soldAt!: Date;
}
