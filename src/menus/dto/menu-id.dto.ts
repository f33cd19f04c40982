import { Field } from '../../platform/http/index.js';

export class MenuIdDto {
  /** A number too large for any menu is one that no menu has, and not a wrong one. */
  @Field({
    name: 'integer',
    description: 'The id, as the list has it',
    expected: 'a positive integer',
    schema: { type: 'integer', minimum: 1, example: 1 },
    accepts: (value) => typeof value === 'number',
    convert: (value) => (typeof value === 'string' && /^[1-9]\d*$/.test(value) ? Number(value) : value),
  })
  id!: number;
}
