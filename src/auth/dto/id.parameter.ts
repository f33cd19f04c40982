import { Field } from '../../http/index.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LENGTH = 36;

/** The id in the path of a session or an API key. */
export class IdParameter {
  @Field({
    name: 'uuid',
    description: 'The id, as the list has it',
    schema: { type: 'string', format: 'uuid', example: '0b7e6f0c-7d0e-4a3b-9a55-1d8a2f6c3e10' },
    expected: 'a UUID',
    accepts: (value) => typeof value === 'string' && value.length === LENGTH && UUID.test(value),
    convert: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  })
  id!: string;
}
