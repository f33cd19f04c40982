import { ChoiceField } from '../../platform/http/index.js';
import { ON_ERROR, type OnError } from '../prediction-payload.js';

const DEFAULT: OnError = 'reject';

export class CreateJobDto {
  @ChoiceField(ON_ERROR, {
    optional: true,
    default: DEFAULT,
    description:
      '`reject` checks every row before the job is taken; `stop` ends the job at the first row that is wrong; `skip` says what is wrong with it in the result, and goes on',
  })
  onError: OnError = DEFAULT;
}
