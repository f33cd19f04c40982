import { type Delimiter, DelimiterParameter } from '../../../platform/records/index.js';
import { type Extra, ExtraParameter } from '../../inputs/extra-columns.js';

/** The query parameters of a prediction. */
export class PredictionQueryDto {
  @ExtraParameter()
  extra?: Extra;

  @DelimiterParameter()
  delimiter?: Delimiter;
}
