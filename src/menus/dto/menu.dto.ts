import { ApiProperty } from '@nestjs/swagger';
import { NextCursorProperty, type Page } from '../../platform/http/index.js';
import type { Menu } from '../entities/menu.entity.js';

export class MenuDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  id!: number;

  @ApiProperty({ example: 'Americano' })
  name!: string;

  @ApiProperty({ type: 'integer', description: 'In the smallest unit of the currency', example: 4500 })
  price!: number;

  @ApiProperty({
    type: 'string',
    format: 'uuid',
    nullable: true,
    description: 'The member who may change it; null once they have withdrawn',
  })
  ownerId!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  updatedAt!: string;

  static of({ id, name, price, ownerId, createdAt, updatedAt }: Menu): MenuDto {
    return { id, name, price, ownerId, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  }
}

export class MenuPageDto {
  @ApiProperty({ type: [MenuDto] })
  items!: MenuDto[];

  @NextCursorProperty('Send it as `cursor`, with the same sort and filter, for the next page; null on the last page')
  nextCursor!: string | null;

  static of({ items, nextCursor }: Page<Menu>): MenuPageDto {
    return { items: items.map((menu) => MenuDto.of(menu)), nextCursor };
  }
}
