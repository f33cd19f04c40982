import { Cookie, type SessionData, Store } from 'express-session';
import { translateDatabaseError } from '../../platform/database/index.js';
import type { Log } from '../../platform/logging/index.js';
import type { AuthSettings } from '../auth.settings.js';
import type { Session } from '../entities/session.entity.js';
import type { SessionRows } from './session-rows.js';

declare module 'express-session' {
  /** What a session holds: fixed at login, and there only once the login's transaction has been committed. */
  interface SessionData {
    memberId: string;
    /** The id that the member sees, never the one in the cookie. */
    publicId: string;
    /** When the password was given, at login or when it was changed. */
    loggedInAt: number;
    lastSeenAt: number;
  }
}

type Done = (error?: unknown) => void;

/**
 * express-session's view of the session table. It never makes a row: express-session saves after it has begun to answer,
 * when a failed save can no longer be told, so `Sessions.begin` makes the row before that.
 */
export class SessionStore extends Store {
  constructor(
    private readonly rows: SessionRows,
    private readonly settings: AuthSettings,
    private readonly log: Log,
  ) {
    super();
  }

  override get(secretId: string, done: (error: unknown, session?: SessionData | null) => void): void {
    // As it is, an error whose code is ENOENT (a database's socket that is gone) would mean to express-session: no session.
    const fail = (error: unknown): void => done(translateDatabaseError(error) ?? error);
    this.rows.findBySecretId(secretId).then((row) => done(null, row && toData(row)), fail);
  }

  /** What a session holds never changes, so saving one only says that it is used. */
  override set(secretId: string, session: SessionData, done: Done = () => undefined): void {
    this.touch(secretId, session, done);
  }

  override destroy(secretId: string, done: Done = () => undefined): void {
    this.rows.removeBySecretId(secretId).then(() => done(), done);
  }

  /** Writes now and then, and lets no answer wait for it: a use that is not written down costs nobody anything. */
  override touch(secretId: string, session: SessionData, done: Done = () => undefined): void {
    if (Date.now() - session.lastSeenAt >= this.settings.touchMs) {
      this.rows.touch(secretId).catch((err: unknown) => this.log.lines.warn({ err }, 'a session was not touched'));
    }
    done();
  }
}

function toData({ id, memberId, createdAt, lastSeenAt }: Session): SessionData {
  // The cookie's attributes matter only when it is set, which it is not for a session that goes on.
  const cookie = new Cookie();
  const [loggedInAt, seen] = [createdAt.getTime(), lastSeenAt.getTime()];
  return { memberId, publicId: id, loggedInAt, lastSeenAt: seen, cookie };
}
