import { Field } from '../../../platform/http/index.js';
import { isVersion } from '../../../serving/index.js';

export class ChooseVersionDto {
  @Field({
    name: 'version',
    schema: { type: 'string', nullable: true, example: '1' },
    description: 'The new default version; null for the newest ready one',
    expected: 'a version number as text such as "1", or null for the newest ready one',
    accepts: (value) => value === null || (typeof value === 'string' && isVersion(value)),
  })
  version!: string | null;
}
