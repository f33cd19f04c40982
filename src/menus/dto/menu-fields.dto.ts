import { IntegerField, TextField } from '../../platform/http/index.js';
import { MAX_NAME_LENGTH, MAX_PRICE } from '../entities/menu.entity.js';

const NAME = { example: 'Americano', maxLength: MAX_NAME_LENGTH, description: 'In any script' };
const PRICE = { example: 4500, min: 0, max: MAX_PRICE, description: 'In the smallest unit of the currency' };

/** What a member states of a menu. */
export class MenuFieldsDto {
  @TextField(NAME)
  name!: string;

  @IntegerField(PRICE)
  price!: number;
}

/** What is to be different about a menu: one of its fields, or both. */
export class MenuChangesDto {
  @TextField({ ...NAME, optional: true })
  name?: string;

  @IntegerField({ ...PRICE, optional: true })
  price?: number;
}
