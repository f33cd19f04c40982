export { JobDto } from './dto/job.dto.js';
export { JobHandler } from './job-handler.decorator.js';
export type { FinishedJob, JobStep, JobWork, NewJob, Progress, RunningJob } from './job-work.js';
export { JobsModule } from './jobs.module.js';
export { Jobs } from './jobs.service.js';
