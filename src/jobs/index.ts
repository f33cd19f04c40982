export { JobDto } from './dto/job.dto.js';
export { JobHandler } from './job-handler.decorator.js';
export type { JobStatus } from './job-status.js';
export type { FinishedJob, JobStep, JobWork, NewJob, Progress, RunningJob } from './job-work.js';
export { IdempotencyKeyReusedError, JobLostError, JobNotFoundError, TooManyJobsError } from './jobs.errors.js';
export { JobsModule } from './jobs.module.js';
export { Jobs } from './jobs.service.js';
