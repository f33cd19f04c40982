import { type FindOptionsWhere, LessThanOrEqual, MoreThan } from 'typeorm';
import type { AuthSettings } from '../auth.settings.js';
import type { Session } from '../entities/session.entity.js';

/*
 * A session expires at the earlier of two moments:
 * - the idle timeout (`SESSION_IDLE_MINUTES`) after its last use, `lastSeenAt`;
 * - the absolute timeout (`SESSION_MAX_HOURS`) after its login, `createdAt`, however much it is used.
 *
 * Every lookup of sessions has `activeSessions` as a condition, so an expired session is never found. Later logins delete its
 * row. The cookie itself has no expiry.
 */

/** Matches the sessions that have not expired. */
export function activeSessions(settings: AuthSettings): Pick<FindOptionsWhere<Session>, 'createdAt' | 'lastSeenAt'> {
  const { idleSince, createdBefore } = cutoffs(settings);
  return { createdAt: MoreThan(createdBefore), lastSeenAt: MoreThan(idleSince) };
}

/** Matches the sessions that have expired, by either timeout. */
export function expiredSessions(settings: AuthSettings): FindOptionsWhere<Session>[] {
  const { idleSince, createdBefore } = cutoffs(settings);
  return [{ createdAt: LessThanOrEqual(createdBefore) }, { lastSeenAt: LessThanOrEqual(idleSince) }];
}

function cutoffs({ idleTimeoutMs, absoluteTimeoutMs }: AuthSettings): { idleSince: Date; createdBefore: Date } {
  const now = Date.now();
  return { idleSince: new Date(now - idleTimeoutMs), createdBefore: new Date(now - absoluteTimeoutMs) };
}
