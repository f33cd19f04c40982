import { Controller, Delete, Get, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../auth/index.js';
import { ApiProblems, CurrentActor, type RequestActor } from '../platform/http/index.js';
import { JobEvents } from './results/job-events.js';
import { JobResults, RESULT_TYPES } from './results/job-results.js';
import { JobIdDto, JobResultDto, ListJobsDto } from './dto/job-requests.dto.js';
import { JobDto, JobPageDto } from './dto/job.dto.js';
import { JobsService } from './jobs.service.js';

const TEXT = { schema: { type: 'string' as const } };
const PROBLEMS = {
  404: 'You have no job with this id',
  422: 'The id is not a UUID',
  503: 'The database cannot be reached',
};
/** An event of the stream, with the field names of the standard. */
const EVENT = {
  schema: {
    type: 'object' as const,
    required: ['event', 'data'],
    properties: {
      event: { type: 'string' as const, enum: ['progress'] },
      data: { type: 'string' as const, description: 'The job, as JSON' },
    },
  },
  example: {
    event: 'progress',
    data: '{"id":"…","status":"running","progress":{"done":256,"total":1000,"errors":0},…}',
  },
};

@ApiTags('jobs')
@Controller('jobs')
@Authenticated()
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly events: JobEvents,
    private readonly results: JobResults,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List your jobs, newest first, page by page' })
  @ApiOkResponse({ type: JobPageDto })
  @ApiProblems({ 422: 'A parameter is wrong', 503: PROBLEMS[503] })
  async list(
    @Query() { limit, cursor }: ListJobsDto,
    @CurrentMember() member: AuthenticatedMember,
  ): Promise<JobPageDto> {
    return JobPageDto.of(await this.jobs.list(member, limit, cursor));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Status and progress of a job' })
  @ApiOkResponse({ type: JobDto })
  @ApiProblems(PROBLEMS)
  async show(@Param() { id }: JobIdDto, @CurrentMember() member: AuthenticatedMember): Promise<JobDto> {
    return JobDto.of(await this.jobs.find(id, member));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Cancel an unfinished job, or remove a finished one with its result' })
  @ApiNoContentResponse()
  @ApiProblems({ ...PROBLEMS, 503: 'The database cannot be reached, or is busy', 507: 'The database is full' })
  async remove(
    @Param() { id }: JobIdDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
  ): Promise<void> {
    await this.jobs.remove(id, member, actor);
  }

  @Get(':id/result')
  @ApiOperation({ summary: 'Result of a job, as JSON lines or CSV' })
  @ApiOkResponse({
    description: 'A file to download',
    content: { [RESULT_TYPES.jsonl]: TEXT, [RESULT_TYPES.csv]: TEXT },
    headers: { 'Content-Disposition': { schema: { type: 'string', example: 'attachment; filename="…"' } } },
  })
  @ApiProblems({ ...PROBLEMS, 406: 'The result is not available as CSV', 409: 'The job has not succeeded (yet)' })
  async result(
    @Param() { id }: JobIdDto,
    @Query() { format }: JobResultDto,
    @CurrentMember() member: AuthenticatedMember,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.results.send(await this.jobs.find(id, member), format, request, response);
  }

  @Get(':id/events')
  @ApiOperation({ summary: 'Follow a job: an event `progress` at once and at each change, until the job finishes' })
  @ApiOkResponse({
    description: 'Server-sent events; the data of each is the body of `GET /jobs/{id}`',
    content: { 'text/event-stream': EVENT },
  })
  @ApiProblems({ ...PROBLEMS, 429: 'Too many event streams at once' })
  async follow(
    @Param() { id }: JobIdDto,
    @CurrentMember() member: AuthenticatedMember,
    @Res() response: Response,
  ): Promise<void> {
    this.events.follow(await this.jobs.find(id, member), member.id, response);
  }
}
