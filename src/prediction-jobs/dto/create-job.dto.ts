import { ChoiceField } from '../../platform/http/index.js';
import { type Delimiter, DelimiterParameter } from '../../platform/records/index.js';
import { type Extra, ExtraParameter } from '../../inference/index.js';
import { ON_ERROR, type OnError } from '../prediction-payload.js';

const DEFAULT: OnError = 'reject';

export class CreateJobDto {
  @ChoiceField(ON_ERROR, {
    optional: true,
    default: DEFAULT,
    description:
      '`reject` validates every row before the job is accepted; `stop` fails the job at the first invalid row; `skip` reports invalid rows in the result, and continues',
  })
  onError: OnError = DEFAULT;

  @ExtraParameter()
  extra?: Extra;

  @DelimiterParameter()
  delimiter?: Delimiter;
}
