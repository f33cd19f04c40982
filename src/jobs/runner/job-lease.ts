/*
 * How long a lease lasts. A runner renews it well before it expires, and abandons a job it could not renew before another
 * runner may claim it:
 *
 *   0 s        3 s                        12 s         15 s
 *   claimed    renewed (then every 3 s)   abandoned    expired: any runner may claim the job
 */

/** A job may be claimed by another runner so long after its lease was granted, renewed, or used for a checkpoint. */
export const LEASE_DURATION_MS = 15_000;
export const LEASE_RENEWAL_INTERVAL_MS = 3_000;
/** Without a renewal for so long, the runner treats the lease as lost. Leaves 3 s to stop before LEASE_DURATION_MS. */
export const LEASE_ABANDON_AFTER_MS = 12_000;

/** The exclusive right of one runner to write to a job, until it expires or the job is cancelled or removed. */
export interface JobLease {
  readonly id: string;
  /** Fencing token: grows with each claim of the job, so that writes under a former lease are refused. */
  readonly fence: number;
}

/** When a lease that is granted or renewed now expires. */
export function leaseExpiry(): Date {
  return new Date(Date.now() + LEASE_DURATION_MS);
}
