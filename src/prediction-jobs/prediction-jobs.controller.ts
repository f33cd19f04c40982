import { Controller, Headers, HttpCode, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../auth/index.js';
import { ApiProblems, ClientPresence, InvalidInputError } from '../platform/http/index.js';
import { JobDto } from '../jobs/index.js';
import { ModelAccessGuard } from '../inference/index.js';
import { CreateJobDto } from './dto/create-job.dto.js';
import { PredictionJobsService } from './prediction-jobs.service.js';

const KEY = 'Idempotency-Key';
const VISIBLE = /^[\x21-\x7e]{1,200}$/;

@ApiTags('predictions')
@Controller('models')
export class PredictionJobsController {
  constructor(private readonly jobs: PredictionJobsService) {}

  @Post(':name/jobs')
  @HttpCode(202)
  @UseGuards(ModelAccessGuard)
  @Authenticated()
  @ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' })
  @ApiOperation({
    summary: 'Predict many rows or pictures in the background',
    description: 'The job goes on whatever happens meanwhile, by the version that serves now: follow it at `Location`.',
  })
  @ApiHeader({
    name: KEY,
    required: false,
    description: 'Sent again with the same body it gives the first job, and makes no other',
    schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
  })
  @ApiResponse({
    status: 202,
    type: JobDto,
    description: 'The job has been taken',
    headers: { Location: { description: 'Where to follow it', schema: { type: 'string' } } },
  })
  @ApiProblems({
    400: 'The body did not arrive whole, or is not well-formed JSON',
    403: 'The model is for administrators',
    404: 'No such model',
    413: 'The input is larger than UPLOAD_LIMIT_MB, or has more rows than JOB_MAX_ROWS',
    415: 'Neither CSV nor JSON nor a form nor, where the model takes them, pictures; or texts where a pipeline takes inputs of its own',
    422: 'The file cannot be read, a row of it is wrong, or the Idempotency-Key came with another body; `errors` names each',
    429: 'More jobs than one member may have at a time, or more requests a minute than PREDICT_RATE; see Retry-After',
    503: 'The model is not ready, or the database is busy; see Retry-After',
    507: 'There is no room for the input',
  })
  async create(
    @Param('name') model: string,
    @Query() { onError }: CreateJobDto,
    @Headers(KEY) key: string | undefined,
    @CurrentMember() member: AuthenticatedMember,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto> {
    requireIdempotencyKey(key);
    const gone = ClientPresence.of(response);
    const job = await this.jobs.create({ model, onError, idempotencyKey: key, member, request, gone });
    response.location(`/jobs/${job.id}`);
    return job;
  }
}

function requireIdempotencyKey(key: string | undefined): void {
  if (key === undefined || VISIBLE.test(key)) return;
  const message = `${KEY} must be 1 to 200 visible ASCII characters`;
  throw new InvalidInputError([{ location: ['header', KEY], type: 'text', message }]);
}
