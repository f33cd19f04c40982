import { ApiProperty } from '@nestjs/swagger';

export class LiveDto {
  @ApiProperty({ example: true })
  live!: boolean;
}

export class ReadyDto {
  @ApiProperty({ example: true })
  ready!: boolean;
}

export class ModelReadyDto extends ReadyDto {
  @ApiProperty({ example: 'iris' })
  name!: string;
}

export class ServerMetadataDto {
  @ApiProperty({ example: 'barista' })
  name!: string;

  @ApiProperty({ example: '0.1.0' })
  version!: string;

  @ApiProperty({ type: [String], description: "Supported extensions of Triton's", example: ['binary_tensor_data'] })
  extensions!: readonly string[];
}

export class ModelNamesDto {
  @ApiProperty({ type: [String], example: ['iris'] })
  models!: string[];
}

export class TensorMetadataDto {
  @ApiProperty({ example: 'input' })
  name!: string;

  @ApiProperty({ example: 'FP32' })
  datatype!: string;

  @ApiProperty({ type: [Number], description: '-1 for a dimension of variable size', example: [-1, 4] })
  shape!: number[];
}

export class ModelMetadataDto {
  @ApiProperty({ example: 'iris' })
  name!: string;

  @ApiProperty({ type: [String], description: 'Ready versions, oldest first', example: ['1'] })
  versions!: string[];

  @ApiProperty({ example: 'onnx_onnxv1' })
  platform!: string;

  @ApiProperty({ type: [TensorMetadataDto] })
  inputs!: TensorMetadataDto[];

  @ApiProperty({ type: [TensorMetadataDto] })
  outputs!: TensorMetadataDto[];
}

export class RepositoryEntryDto {
  @ApiProperty({ example: 'iris' })
  name!: string;

  @ApiProperty({ required: false, description: 'Omitted for a model without versions', example: '1' })
  version?: string;

  @ApiProperty({ enum: ['READY', 'LOADING', 'UNAVAILABLE'], example: 'READY' })
  state!: string;

  @ApiProperty({ description: 'Why the version is not ready; empty if it is', example: '' })
  reason!: string;
}

/** The body of every error response under `/v2`. */
export class OpenInferenceErrorDto {
  @ApiProperty({ description: 'Error message', example: 'The input "input" is missing.' })
  error!: string;
}
