import { ApiProperty } from '@nestjs/swagger';
import { InstantField, IntegerField } from '../../platform/http/index.js';
import type { Sale } from '../entities/sale.entity.js';

const MAX_QUANTITY = 1_000;

export class NewSaleDto {
  @IntegerField({ example: 2, min: 1, max: MAX_QUANTITY, description: 'Number sold' })
  quantity!: number;

  @InstantField({
    description: 'Time of the sale; by default now',
    optional: true,
    example: '2024-05-06T08:15:00Z',
    within: 'not in the future',
    accepts: (time) => time <= Date.now(),
  })
  soldAt?: Date;
}

export class SaleDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  id!: number;

  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  menuId!: number;

  @ApiProperty({ type: 'integer', minimum: 1, example: 2 })
  quantity!: number;

  @ApiProperty({ type: 'string', format: 'date-time' })
  soldAt!: string;

  static of({ id, menuId, quantity, soldAt }: Sale): SaleDto {
    return { id, menuId, quantity, soldAt: soldAt.toISOString() };
  }
}
