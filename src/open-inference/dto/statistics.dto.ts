import { ApiProperty } from '@nestjs/swagger';

class DurationDto {
  @ApiProperty({ type: 'integer', example: 1 })
  count!: number;

  @ApiProperty({ type: 'integer', description: 'Total, in nanoseconds', example: 140_000 })
  ns!: number;
}

class InferenceStatsDto {
  @ApiProperty({ type: DurationDto, description: 'Successful requests' })
  success!: DurationDto;

  @ApiProperty({ type: DurationDto, description: 'Failed requests' })
  fail!: DurationDto;

  @ApiProperty({ type: DurationDto, description: 'Time in the queue' })
  queue!: DurationDto;

  @ApiProperty({ type: DurationDto })
  compute_input!: DurationDto;

  @ApiProperty({ type: DurationDto, description: 'Run time, including the transfer to the runtime and back' })
  compute_infer!: DurationDto;

  @ApiProperty({ type: DurationDto })
  compute_output!: DurationDto;

  @ApiProperty({ type: DurationDto })
  cache_hit!: DurationDto;

  @ApiProperty({ type: DurationDto })
  cache_miss!: DurationDto;
}

class BatchStatsDto {
  @ApiProperty({ type: 'integer', description: 'Rows of one run', example: 1 })
  batch_size!: number;

  @ApiProperty({ type: DurationDto })
  compute_input!: DurationDto;

  @ApiProperty({ type: DurationDto })
  compute_infer!: DurationDto;

  @ApiProperty({ type: DurationDto })
  compute_output!: DurationDto;
}

export class ModelStatsDto {
  @ApiProperty({ example: 'iris' })
  name!: string;

  @ApiProperty({ example: '1' })
  version!: string;

  @ApiProperty({ type: 'integer', description: 'Milliseconds since 1970; 0 before the first', example: 0 })
  last_inference!: number;

  @ApiProperty({ type: 'integer', description: 'Rows', example: 1 })
  inference_count!: number;

  @ApiProperty({ type: 'integer', description: 'Runs', example: 1 })
  execution_count!: number;

  @ApiProperty({ type: InferenceStatsDto })
  inference_stats!: InferenceStatsDto;

  @ApiProperty({ type: [BatchStatsDto] })
  batch_stats!: BatchStatsDto[];

  @ApiProperty({ type: 'array', items: { type: 'object' }, description: 'Not measured: always empty' })
  memory_usage!: object[];

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Always empty: a request has one response' })
  response_stats!: object;
}

export class StatisticsDto {
  @ApiProperty({ type: [ModelStatsDto] })
  model_stats!: ModelStatsDto[];
}
