import { ApiProperty } from '@nestjs/swagger';
import { InstantField, IntegerField } from '../../platform/http/index.js';
import { DAY, hourOf, HOUR } from '../hours.js';

/** Beyond, the same hour a week before would not be over yet. */
const MAX_DAYS_AHEAD = 6;

/** Of which menu, and for which hour, a forecast is asked. */
export class DemandQuestionDto {
  @IntegerField({ example: 1, min: 1, max: Number.MAX_SAFE_INTEGER, description: 'The id of the menu' })
  menuId!: number;

  @InstantField({
    description:
      'Any time in the hour to forecast, the next full hour where it is left out. For a time that is past, only what was ' +
      'sold before it counts',
    optional: true,
    example: '2024-05-13T08:00:00Z',
    within: `at most ${MAX_DAYS_AHEAD} days from now`,
    accepts: (time) => time <= Date.now() + MAX_DAYS_AHEAD * DAY,
  })
  at: Date = new Date(hourOf(Date.now()) + HOUR);
}

/** How many of a menu will be sold in an hour. */
export class DemandAnswerDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  menuId!: number;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the hour begins' })
  hour!: string;

  @ApiProperty({ minimum: 0, description: 'How many are sold on average in such an hour, to a tenth', example: 4.3 })
  expected!: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'How many to have ready so that nine such hours in ten have enough',
    example: 7,
  })
  prepare!: number;
}
