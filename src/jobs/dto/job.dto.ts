import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { type FieldError, NextCursorProperty, type Page } from '../../platform/http/index.js';
import { JOB_STATUSES, type JobStatus } from '../job-status.js';
import type { JobView } from '../jobs.repository.js';

export class JobProgressDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 256 })
  done!: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 1000 })
  total!: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Failed ones among those done', example: 0 })
  errors!: number;
}

const ERROR = {
  code: { type: 'string', description: 'Stable error code', example: 'job.failed' },
  detail: { type: 'string', example: 'The job failed 5 times in a row.' },
  errors: {
    type: 'array',
    items: { $ref: getSchemaPath('FieldErrorDto') },
    description: 'Field errors, as in a problem response',
  },
} as const;

export interface JobErrorDto {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

export class JobDto {
  @ApiProperty({ format: 'uuid', example: '0197b7e6-7d0e-7a3b-9a55-1d8a2f6c3e10' })
  id!: string;

  @ApiProperty({ example: 'prediction' })
  kind!: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'The model of a prediction job', example: 'iris' })
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

  // Inline instead of a reference: OpenAPI 3.0 has no nullable references.
  @ApiProperty({ type: 'object', nullable: true, description: 'Cause of a failure', properties: ERROR })
  error!: JobErrorDto | null;

  static of(job: JobView): JobDto {
    const { id, kind, model, version, status, done, total, errors, createdAt, startedAt, finishedAt, error } = job;
    return {
      id,
      kind,
      model,
      version,
      status,
      progress: { done, total, errors },
      createdAt: createdAt.toISOString(),
      startedAt: startedAt?.toISOString() ?? null,
      finishedAt: finishedAt?.toISOString() ?? null,
      error: error === null ? null : (JSON.parse(error) as JobErrorDto),
    };
  }
}

export class JobPageDto {
  @ApiProperty({ type: [JobDto] })
  items!: JobDto[];

  @NextCursorProperty('Sent as `cursor`, it brings the next page; null on the last page')
  nextCursor!: string | null;

  static of({ items, nextCursor }: Page<JobView>): JobPageDto {
    return { items: items.map((job) => JobDto.of(job)), nextCursor };
  }
}
