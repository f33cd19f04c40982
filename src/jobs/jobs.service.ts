import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { JobDto } from './dto/job.dto.js';
import type { NewJob } from './job-work.js';

/** Background work, for any room to enqueue. */
@Injectable()
export class Jobs {
  /**
   * Belongs into a unit of work: the job is enqueued with the caller's own rows, or not at all. An Idempotency-Key that the
   * member has used gives the first job, and releases the new input.
   *
   * @throws IdempotencyKeyReusedError where the key came with another digest; TooManyJobsError past JOBS_PER_MEMBER;
   * StoredFileGoneError; NotAuthenticatedError where the member has withdrawn
   */
  enqueue<P>(_manager: EntityManager, _job: NewJob<P>): Promise<JobDto> {
    throw new Error('not yet');
  }
}
