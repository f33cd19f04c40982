export { JobDto } from './dto/job.dto.js';
export {
  type FinishedJob,
  type JobCheckpoint,
  JobHandler,
  type NewJob,
  type Progress,
  type RunningJob,
} from './job-handler.js';
export { JobsModule } from './jobs.module.js';
export { JobsService } from './jobs.service.js';
