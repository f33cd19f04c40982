import { ApiProperty } from '@nestjs/swagger';

export class PredictResultDto {
  @ApiProperty({
    description: 'For each row in order: the class index, or the value of a regression',
    type: 'array',
    items: {},
    example: [2],
  })
  result!: unknown[];
}
