import { Field } from '../../platform/http/index.js';

export class MenuIdDto {
  /** An id beyond the column's range is valid and unknown (404), not invalid (422). */
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
