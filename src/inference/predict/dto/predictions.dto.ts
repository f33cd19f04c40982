import { ApiProperty } from '@nestjs/swagger';

/** The response of `/predict`. */
export class PredictResultDto {
  @ApiProperty({
    description: 'For each row in order: the class index, or the value of a regression',
    type: 'array',
    items: {},
    example: [2],
  })
  result!: unknown[];
}

/** The response of `/models/{name}/predict`. */
export class PredictionsDto {
  @ApiProperty({ example: 'iris' })
  model!: string;

  @ApiProperty({ description: 'The version that has made the predictions', example: '1' })
  version!: string;

  @ApiProperty({
    description: 'One for each row, in order: a label with its index and probabilities, a value, or outputs by name',
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [{ label: 'virginica', index: 2, probabilities: { setosa: 0, versicolor: 0.05, virginica: 0.95 } }],
  })
  predictions!: unknown[];
}
