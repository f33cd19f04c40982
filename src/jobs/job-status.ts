export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Those of jobs that may still be done. */
export const OPEN_STATUSES = ['queued', 'running'] as const satisfies readonly JobStatus[];

export function isOpen(status: JobStatus): boolean {
  return OPEN_STATUSES.some((open) => open === status);
}
