import { Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

/** One sale of a menu. Deleted with the menu. */
@Entity('sale')
@Index('sale_menu_sold_at', ['menuId', 'soldAt'])
export class Sale {
  @PrimaryGeneratedColumn()
  id!: number;

  /** Refers to the entity by name: the class belongs to another module. */
  @ForeignKey('Menu', { name: 'sale_menu', onDelete: 'CASCADE' })
  @Column('integer')
  menuId!: number;

  @Column('integer')
  quantity!: number;

  /** Unit price when the sale was recorded, in the smallest unit of the currency. */
  @Column('integer')
  price!: number;

  @InstantColumn()
  soldAt!: Date;
}
