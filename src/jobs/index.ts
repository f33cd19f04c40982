export { JobDto, type JobStatus } from './dto/job.dto.js';
export { JobHandler } from './job-handler.decorator.js';
export type { FinishedJob, JobStep, JobWork, NewJob, Progress, RunningJob } from './job-work.js';
export { IdempotencyKeyReusedError, JobLostError, JobNotFoundError, TooManyJobsError } from './jobs.errors.js';
export { JobsModule } from './jobs.module.js';
export { Jobs } from './jobs.service.js';
