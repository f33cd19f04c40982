import { ApiProperty } from '@nestjs/swagger';

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
