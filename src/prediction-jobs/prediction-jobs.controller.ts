import {
  applyDecorators,
  Controller,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../auth/index.js';
import { ApiProblems, ClientPresence, InvalidInputError } from '../platform/http/index.js';
import { JobDto } from '../jobs/index.js';
import { ModelAccessGuard } from '../inference/index.js';
import { CreateJobDto } from './dto/create-job.dto.js';
import { type JobRequest, PredictionJobsService } from './prediction-jobs.service.js';

const KEY = 'Idempotency-Key';
const VISIBLE_ASCII = /^[\x21-\x7e]{1,200}$/;

/** Documents a request that creates a job. @param notFound the description of 404 */
function ApiCreatesJob(notFound: string): MethodDecorator {
  return applyDecorators(
    ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' }),
    ApiHeader({
      name: KEY,
      required: false,
      description: 'A repeated request with the same key and body returns the first job',
      schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
    }),
    ApiResponse({
      status: 202,
      type: JobDto,
      description: 'The job is accepted',
      headers: { Location: { description: 'URL of the job', schema: { type: 'string' } } },
    }),
    ApiProblems({
      400: 'The body is incomplete, or not well-formed JSON',
      403: 'The model is for administrators',
      404: notFound,
      413: 'The input is larger than UPLOAD_LIMIT_MB, or has more rows than JOB_MAX_ROWS',
      415: 'A media type that the model does not accept',
      422: 'The file cannot be read, a row is invalid, or the Idempotency-Key came with another request; `errors` names each',
      429: 'Too many unfinished jobs, or too many requests a minute (PREDICT_RATE); see Retry-After',
      503: 'The model is not ready, or the database is busy; see Retry-After',
      507: 'The storage is full',
    }),
  );
}

@ApiTags('predictions')
@Controller('models')
export class PredictionJobsController {
  constructor(private readonly jobs: PredictionJobsService) {}

  @Post(':name/jobs')
  @HttpCode(202)
  @UseGuards(ModelAccessGuard)
  @Authenticated()
  @ApiOperation({
    summary: 'Predict many rows or pictures in the background',
    description:
      'The job survives restarts, and uses the current default version for all rows. Follow it at `Location`.',
  })
  @ApiCreatesJob('No such model')
  create(
    @Param('name') model: string,
    @Query() query: CreateJobDto,
    @Headers(KEY) key: string | undefined,
    @CurrentMember() member: AuthenticatedMember,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto> {
    return this.accept({ model, version: undefined, ...query, idempotencyKey: key, member, request }, response);
  }

  @Post(':name/versions/:version/jobs')
  @HttpCode(202)
  @UseGuards(ModelAccessGuard)
  @Authenticated()
  @ApiOperation({
    summary: 'Predict many rows or pictures in the background with one version',
    description: 'The job survives restarts, and uses this version for all rows. Follow it at `Location`.',
  })
  @ApiParam({ name: 'version', description: 'A version number', example: '1' })
  @ApiCreatesJob('No such model, or no such version')
  createWithVersion(
    @Param('name') model: string,
    @Param('version') version: string,
    @Query() query: CreateJobDto,
    @Headers(KEY) key: string | undefined,
    @CurrentMember() member: AuthenticatedMember,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto> {
    return this.accept({ model, version, ...query, idempotencyKey: key, member, request }, response);
  }

  private async accept(jobRequest: Omit<JobRequest, 'gone'>, response: Response): Promise<JobDto> {
    requireIdempotencyKey(jobRequest.idempotencyKey);
    const job = await this.jobs.create({ ...jobRequest, gone: ClientPresence.of(response) });
    response.location(`/jobs/${job.id}`);
    return job;
  }
}

function requireIdempotencyKey(key: string | undefined): void {
  if (key === undefined || VISIBLE_ASCII.test(key)) return;
  const message = `${KEY} must be 1 to 200 visible ASCII characters`;
  throw new InvalidInputError([{ location: ['header', KEY], type: 'text', message }]);
}
