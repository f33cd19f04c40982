import { ApiProperty } from '@nestjs/swagger';
import { ProblemDto } from '../../http/index.js';

export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export class JobProgressDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 256 })
  done!: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 1000 })
  total!: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'How many of those done have failed', example: 0 })
  errors!: number;
}

export class JobErrorDto {
  @ApiProperty({ description: 'Stable and dotted', example: 'job.failed' })
  code!: string;

  @ApiProperty({ example: 'The job failed 5 times in a row.' })
  detail!: string;

  @ApiProperty({ type: 'array', items: { type: 'object' }, required: false, description: 'As in a problem' })
  errors?: ProblemDto['errors'];
}

export class JobDto {
  @ApiProperty({ format: 'uuid', example: '0197b7e6-7d0e-7a3b-9a55-1d8a2f6c3e10' })
  id!: string;

  @ApiProperty({ example: 'prediction' })
  kind!: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'The model that it asks', example: 'iris' })
  model!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: '1' })
  version!: string | null;

  @ApiProperty({ enum: JOB_STATUSES, example: 'running' })
  status!: JobStatus;

  @ApiProperty({ type: JobProgressDto })
  progress!: JobProgressDto;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  startedAt!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  finishedAt!: string | null;

  @ApiProperty({ type: JobErrorDto, nullable: true, description: 'Why it has failed' })
  error!: JobErrorDto | null;
}
