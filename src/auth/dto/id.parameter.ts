import { UuidField } from '../../platform/http/index.js';

/** The id in the path of a session or an API key. */
export class IdParameter {
  @UuidField({ description: 'The id, as in the list', example: '0b7e6f0c-7d0e-4a3b-9a55-1d8a2f6c3e10' })
  id!: string;
}
