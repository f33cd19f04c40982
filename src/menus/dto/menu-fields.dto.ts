import { IntegerField, TextField } from '../../platform/http/index.js';
import { MAX_NAME_LENGTH, MAX_PRICE } from '../entities/menu.entity.js';

const NAME = { example: 'Americano', maxLength: MAX_NAME_LENGTH, description: 'In any script' };
const PRICE = { example: 4500, min: 0, max: MAX_PRICE, description: 'In the smallest unit of the currency' };

/** The fields of a menu that a member sets. */
export class MenuFieldsDto {
  @TextField(NAME)
  name!: string;

  @IntegerField(PRICE)
  price!: number;
}

/** A partial update of a menu: one field or both. */
export class MenuChangesDto {
  @TextField({ ...NAME, optional: true })
  name?: string;

  @IntegerField({ ...PRICE, optional: true })
  price?: number;
}
