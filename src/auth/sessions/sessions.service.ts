import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { CookieOptions, RequestHandler } from 'express';
import session from 'express-session';
import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../../platform/database/index.js';
import { actorOf } from '../../platform/http/index.js';
import { Log, SecurityLog } from '../../platform/logging/index.js';
import { NotAuthenticatedError, SessionNotFoundError, TlsRequiredError } from '../auth.errors.js';
import { AuthSettings } from '../auth.settings.js';
import { digestOf } from '../digest.js';
import { Session } from '../entities/session.entity.js';
import type { HttpContext } from './http-context.js';
import { SessionRows } from './session-rows.js';
import { SessionStore } from './session-store.js';

/** Not "cache": nothing personal is in it, and Chrome takes seconds to clear it (https://crbug.com/40233601). */
const KEPT_BY_BROWSERS = '"cookies", "storage"';

/** Injects the secrets that cookies are signed with. */
export const SESSION_SECRETS = Symbol('session secrets');

/**
 * The session of a request: express-session, run only where a session is needed, so that nothing else pays for it and
 * reading anonymously leaves neither a row nor a cookie.
 */
@Injectable()
export class Sessions {
  private readonly middleware: RequestHandler;
  private readonly cookie: CookieOptions;

  constructor(
    private readonly rows: SessionRows,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: AuthSettings,
    @Inject(SESSION_SECRETS) secrets: readonly string[],
    private readonly security: SecurityLog,
    log: Log,
  ) {
    // Without an expiry a browser forgets the cookie when it closes; how long a session lives is for the server to judge.
    this.cookie = { httpOnly: true, sameSite: 'lax', path: '/', secure: settings.isSecure };
    this.middleware = session({
      name: settings.cookieName,
      secret: [...secrets],
      store: new SessionStore(rows, settings, log),
      cookie: this.cookie,
      resave: false,
      saveUninitialized: false,
    });
  }

  /** Reads the session that the request's cookie names into `request.session`; without one that is an empty session. */
  async open({ request, response }: HttpContext): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      void this.middleware(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** Whether a login would end in a cookie that is not sent. */
  lacksTls({ request }: HttpContext): boolean {
    return this.settings.isSecure && !request.secure;
  }

  /** Ends such a login early, and in words. */
  requireTls(context: HttpContext): void {
    if (this.lacksTls(context)) throw new TlsRequiredError();
  }

  /** Whether the request names a session at all, be there one or not. */
  isNamedBy({ request }: HttpContext): boolean {
    const pairs = request.headers.cookie?.split(';') ?? [];
    return pairs.some((pair) => pair.trim().startsWith(`${this.settings.cookieName}=`));
  }

  /**
   * Ends the transaction where the session that is used was ended in the meantime.
   *
   * @param publicId of the request's session, as it came
   */
  async requireLiving(manager: EntityManager, publicId: string | undefined): Promise<void> {
    const isLiving = publicId !== undefined && (await this.rows.isStillLiving(publicId, manager));
    if (!isLiving) throw new NotAuthenticatedError();
  }

  /** Whether the session that a request came with has not ended since. */
  async isStillLiving({ session: { publicId } }: HttpContext['request']): Promise<boolean> {
    return publicId !== undefined && (await this.rows.isStillLiving(publicId));
  }

  /** The most recently used first. */
  findOfMember(memberId: string): Promise<Session[]> {
    return this.rows.findOfMember(memberId);
  }

  /**
   * Gives the caller a session with a new id, and ends the one they came with. The row is there before this resolves.
   *
   * @param work done in the same transaction, first; the session begins only if it succeeds
   */
  async begin(context: HttpContext, memberId: string, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    const { request } = context;
    await this.open(context);
    const oldId = request.sessionID;
    // Not `regenerate`, which would end the old session in a transaction of its own.
    request.sessionStore.generate(request);
    const row = newRow(context, memberId);
    try {
      await this.unitOfWork.run(async (manager) => {
        await work(manager);
        await manager.delete(Session, { digest: digestOf(oldId) });
        await this.rows.removeExpired(manager);
        await manager.insert(Session, row);
      });
    } catch (error) {
      forget(context);
      throw error;
    }
    request.session.memberId = memberId;
    request.session.publicId = row.id;
    request.session.loggedInAt = row.createdAt.getTime();
    request.session.lastSeenAt = row.lastSeenAt.getTime();
  }

  /**
   * Ends the session of this request, on the server first, and takes the cookie back. Not from a browser that has sent none:
   * another site may have made it ask, without the cookie, and an answer that clears it would log the member out.
   */
  async end(context: HttpContext): Promise<void> {
    const { headers, session, sessionID } = context.request;
    if (session.memberId) await this.rows.removeBySecretId(sessionID);
    if (headers.cookie === undefined) forget(context);
    else this.takeBack(context);
  }

  /** Ends a session of the caller's, which may be the one in use. */
  async endOfMember(context: HttpContext, memberId: string, id: string): Promise<void> {
    if (!(await this.rows.removeOfMember(memberId, id))) throw new SessionNotFoundError(id);
    this.security.record('auth.session.ended', actorOf(context.request), { publicSessionId: id });
    if (id === context.request.session.publicId) this.takeBack(context);
  }

  /** Takes the cookie back where the session's row is gone, and has the browser forget what pages have kept. */
  takeBack(context: HttpContext): void {
    forget(context);
    context.response.clearCookie(this.settings.cookieName, this.cookie);
    context.response.setHeader('Clear-Site-Data', KEPT_BY_BROWSERS);
  }
}

/** Leaves express-session nothing to save, and no cookie to set. */
function forget({ request }: HttpContext): void {
  Reflect.deleteProperty(request, 'session');
}

function newRow({ request }: HttpContext, memberId: string): Session {
  const now = new Date();
  return Object.assign(new Session(), {
    id: randomUUID(),
    digest: digestOf(request.sessionID),
    memberId,
    userAgent: actorOf(request).userAgent ?? null,
    createdAt: now,
    lastSeenAt: now,
  });
}
