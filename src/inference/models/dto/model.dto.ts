import { ApiParam, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { JsonSchema } from '../../../serving/index.js';

const JSON_SCHEMA = { type: 'object', additionalProperties: true } as const;
const STATES = ['loading', 'ready', 'failed', 'unloaded'];

export class VersionDto {
  @ApiProperty({ example: '1' })
  version!: string;

  @ApiProperty({ enum: STATES, example: 'ready' })
  state!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Why it failed, or why its newer files are not served',
  })
  reason!: string | null;

  @ApiPropertyOptional({
    enum: [true],
    description: 'Of a version that serves by default only once an administrator chooses it',
  })
  candidate?: true;

  @ApiProperty({ type: 'string', nullable: true, description: "The file's sha256 in hexadecimal digits" })
  sha256!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: '2026-11-22T00:33:04Z' })
  trainedAt!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'Metrics of the training',
    example: { accuracy: 0.9556 },
  })
  metrics!: Readonly<Record<string, number>>;

  @ApiPropertyOptional({
    ...JSON_SCHEMA,
    description: 'In `GET /models/{name}`: JSON Schema of a row, of a version that differs from the default version',
  })
  input?: JsonSchema;

  @ApiPropertyOptional({
    ...JSON_SCHEMA,
    description:
      'In `GET /models/{name}`: JSON Schema of a prediction, of a version that differs from the default version',
  })
  output?: JsonSchema;
}

export class ModelSummaryDto {
  @ApiProperty({ example: 'iris' })
  name!: string;

  @ApiProperty({ example: 'Species of an iris flower from four measurements' })
  description!: string;

  @ApiProperty({ enum: STATES, example: 'ready' })
  state!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Why it is not ready, or why its newer files are not served',
  })
  reason!: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The version that serves requests without one',
    example: '1',
  })
  defaultVersion!: string | null;

  @ApiProperty({ type: [VersionDto], description: 'Newest first' })
  versions!: VersionDto[];
}

export class ModelListDto {
  @ApiProperty({ type: [ModelSummaryDto] })
  items!: ModelSummaryDto[];
}

export class BatchingDto {
  @ApiProperty({ description: 'Whether rows of several requests share a run' })
  enabled!: boolean;

  @ApiProperty({ required: false, description: 'Maximum number of rows in one run' })
  maxBatchSize?: number;

  @ApiProperty({ required: false, description: 'Why rows are run one at a time' })
  reason?: string;
}

export class RunFailureDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ example: '1' })
  version!: string;

  @ApiProperty({ description: 'Of the error that the caller got', example: 'model.input-rejected' })
  code!: string;

  @ApiProperty({ description: 'Of ONNX Runtime, or how the process ended' })
  message!: string;
}

export class ModelDto extends ModelSummaryDto {
  @ApiProperty({ enum: ['public', 'member', 'admin'], description: 'Role required to predict' })
  access!: string;

  @ApiProperty({ ...JSON_SCHEMA, nullable: true, description: 'JSON Schema of a row; null until a version is ready' })
  input!: JsonSchema | null;

  @ApiProperty({
    ...JSON_SCHEMA,
    nullable: true,
    description: 'JSON Schema of a prediction; null until a version is ready',
  })
  output!: JsonSchema | null;

  @ApiProperty({ type: BatchingDto, nullable: true })
  batching!: BatchingDto | null;

  @ApiProperty({ ...JSON_SCHEMA, nullable: true, description: 'A row and its expected prediction' })
  example!: object | null;

  @ApiPropertyOptional({
    type: [RunFailureDto],
    description: 'For administrators: the last runs that failed, at most 10, newest first; absent where there are none',
  })
  failures?: RunFailureDto[];
}

/** Documents the path parameter `name`. */
export const ApiModelName = (): MethodDecorator =>
  ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' });
