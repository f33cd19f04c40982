import { Cookie, type SessionData, Store } from 'express-session';
import { translateDatabaseError } from '../../platform/database/index.js';
import type { Log } from '../../platform/logging/index.js';
import type { AuthSettings } from '../auth.settings.js';
import type { Session } from '../entities/session.entity.js';
import type { SessionsRepository } from './sessions.repository.js';

declare module 'express-session' {
  /** Set at login, after the commit of the login's transaction, and never changed. */
  interface SessionData {
    memberId: string;
    /** The id that the API shows; never the secret id in the cookie. */
    publicId: string;
    /** Time of the password check, at login or at a change of the password; in milliseconds since the epoch. */
    loggedInAt: number;
    lastSeenAt: number;
  }
}

type Callback = (error?: unknown) => void;

/**
 * Connects express-session to the session table. It never inserts: express-session saves after the response has started, too
 * late to report a failure. `SessionsService.begin` inserts the row before that.
 */
export class SessionStore extends Store {
  constructor(
    private readonly rows: SessionsRepository,
    private readonly settings: AuthSettings,
    private readonly log: Log,
  ) {
    super();
  }

  override get(secretId: string, done: (error: unknown, session?: SessionData | null) => void): void {
    // express-session takes an error with the code ENOENT (a missing database socket) for a missing session.
    const fail = (error: unknown): void => done(translateDatabaseError(error) ?? error);
    this.rows.findBySecretId(secretId).then((row) => done(null, row && toData(row)), fail);
  }

  /** Session data never changes, so that saving only records the use. */
  override set(secretId: string, session: SessionData, done: Callback = () => undefined): void {
    this.touch(secretId, session, done);
  }

  override destroy(secretId: string, done: Callback = () => undefined): void {
    this.rows.removeBySecretId(secretId).then(() => done(), done);
  }

  /** Updates `lastSeenAt` at most once per `touchIntervalMs`, and does not delay the response for it. */
  override touch(secretId: string, session: SessionData, done: Callback = () => undefined): void {
    if (Date.now() - session.lastSeenAt >= this.settings.touchIntervalMs) {
      this.rows
        .touch(secretId)
        .catch((err: unknown) => this.log.lines.warn({ err }, 'last use of a session not recorded'));
    }
    done();
  }
}

function toData({ id, memberId, createdAt, lastSeenAt }: Session): SessionData {
  // express-session does not send the cookie of an existing session again, so its attributes have no effect.
  const cookie = new Cookie();
  return { memberId, publicId: id, loggedInAt: createdAt.getTime(), lastSeenAt: lastSeenAt.getTime(), cookie };
}
