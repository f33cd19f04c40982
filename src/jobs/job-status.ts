export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const UNFINISHED_STATUSES = ['queued', 'running'] as const satisfies readonly JobStatus[];

export function isFinished(status: JobStatus): boolean {
  return !UNFINISHED_STATUSES.some((unfinished) => unfinished === status);
}
