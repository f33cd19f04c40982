import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ALL_DATATYPES } from '../datatypes.js';

const PARAMETERS = { type: 'object', additionalProperties: true } as const;
const NULLABLE_PARAMETERS = { ...PARAMETERS, nullable: true } as const;
const DATA = { type: 'array', items: {} } as const;

class InferInputDto {
  @ApiProperty({ example: 'input' })
  name!: string;

  @ApiProperty({ type: [Number], example: [1, 4] })
  shape!: number[];

  @ApiProperty({ enum: ALL_DATATYPES, example: 'FP32' })
  datatype!: string;

  @ApiPropertyOptional({
    ...NULLABLE_PARAMETERS,
    description: '`binary_data_size`, where the data follows the JSON as binary',
  })
  parameters?: object | null;

  @ApiProperty({
    ...DATA,
    required: false,
    nullable: true,
    description: 'Flat, or nested like the shape',
    example: [5.9, 3, 5.1, 1.8],
  })
  data?: unknown[] | null;
}

class RequestedOutputDto {
  @ApiProperty({ example: 'probabilities' })
  name!: string;

  @ApiPropertyOptional({ ...NULLABLE_PARAMETERS, description: '`binary_data`, `classification`' })
  parameters?: object | null;
}

/** Other members are ignored, and null counts as absent. */
export class InferRequestDto {
  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    description: 'Repeated in the response',
    example: 'r-1',
  })
  id?: string | null;

  @ApiPropertyOptional({ ...NULLABLE_PARAMETERS, description: '`timeout` in microseconds, `binary_data_output`' })
  parameters?: object | null;

  @ApiProperty({
    type: [InferInputDto],
    example: [{ name: 'input', shape: [1, 4], datatype: 'FP32', data: [5.9, 3, 5.1, 1.8] }],
  })
  inputs!: InferInputDto[];

  @ApiProperty({ type: [RequestedOutputDto], required: false, nullable: true, description: 'All outputs if omitted' })
  outputs?: RequestedOutputDto[] | null;
}

class InferOutputDto {
  @ApiProperty({ example: 'label' })
  name!: string;

  @ApiProperty({ type: [Number], example: [1] })
  shape!: number[];

  @ApiProperty({ enum: ALL_DATATYPES, example: 'INT64' })
  datatype!: string;

  @ApiPropertyOptional({ ...PARAMETERS, description: '`binary_data_size`, where the data follows the JSON as binary' })
  parameters?: object;

  @ApiProperty({ ...DATA, required: false, description: 'Flat', example: [2] })
  data?: unknown[];
}

export class InferResponseDto {
  @ApiProperty({ example: 'iris' })
  model_name!: string;

  @ApiProperty({ example: '1' })
  model_version!: string;

  @ApiProperty({ required: false, description: "The request's", example: 'r-1' })
  id?: string;

  @ApiProperty({ type: [InferOutputDto] })
  outputs!: InferOutputDto[];
}
