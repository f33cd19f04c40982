import { ApiProperty } from '@nestjs/swagger';
import { InstantField, IntegerField } from '../../platform/http/index.js';
import { DAY_MS, HOUR_MS, startOfHour } from '../hours.js';

/** Less than a week: the same hour of the previous week has to be over. */
const MAX_DAYS_AHEAD = 6;

/** The menu and the hour to forecast. */
export class DemandQuestionDto {
  @IntegerField({ example: 1, min: 1, max: Number.MAX_SAFE_INTEGER, description: 'The id of the menu' })
  menuId!: number;

  @InstantField({
    description:
      'Any time in the hour to forecast; by default the next full hour. For a time in the past, only earlier sales are ' +
      'considered',
    optional: true,
    example: '2024-05-13T08:00:00Z',
    within: `at most ${MAX_DAYS_AHEAD} days from now`,
    accepts: (time) => time <= Date.now() + MAX_DAYS_AHEAD * DAY_MS,
  })
  at: Date = new Date(startOfHour(Date.now()) + HOUR_MS);
}

/** Forecast sales of a menu in one hour. */
export class DemandAnswerDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  menuId!: number;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'Start of the hour' })
  hour!: string;

  @ApiProperty({
    minimum: 0,
    description: 'Mean number of sales in such an hour, rounded to one decimal',
    example: 4.3,
  })
  expected!: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Number to prepare to cover the demand of nine such hours in ten',
    example: 7,
  })
  prepare!: number;
}
