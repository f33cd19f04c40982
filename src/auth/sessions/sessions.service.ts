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
import { Session } from '../entities/session.entity.js';
import { sha256Of } from '../sha256.js';
import type { HttpContext } from './http-context.js';
import { sessionCookiesOf, signedCookiesOf } from './session-cookies.js';
import { SessionStore } from './session-store.js';
import { SessionsRepository } from './sessions.repository.js';

/** Without "cache", which holds nothing personal and takes Chrome seconds to clear (https://crbug.com/40233601). */
const CLEARED_SITE_DATA = '"cookies", "storage"';

/** Injection token of the secrets that sign cookies. */
export const SESSION_SECRETS = Symbol('session secrets');

/**
 * Sessions by express-session. The middleware runs only for requests that need a session: others do not pay for it, and
 * anonymous reads create neither a row nor a cookie. `session-expiry.ts` says when a session expires.
 */
@Injectable()
export class SessionsService {
  private readonly middleware: RequestHandler;
  private readonly cookie: CookieOptions;

  constructor(
    private readonly repository: SessionsRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: AuthSettings,
    @Inject(SESSION_SECRETS) private readonly secrets: readonly string[],
    private readonly security: SecurityLog,
    log: Log,
  ) {
    // A session cookie without `Expires`: the server decides when a session expires.
    this.cookie = { httpOnly: true, sameSite: 'lax', path: '/', secure: settings.isSecure };
    this.middleware = session({
      name: settings.cookieName,
      secret: [...this.secrets],
      store: new SessionStore(repository, settings, log),
      cookie: this.cookie,
      resave: false,
      saveUninitialized: false,
    });
  }

  /**
   * Loads the session of the request's cookie into `request.session`; an empty session if there is none. Of several cookies,
   * the one of the latest login counts: a stale one may stay in a browser under another path or domain, before or after it.
   */
  async load({ request, response }: HttpContext): Promise<void> {
    const { cookie } = request.headers;
    const chosen = await this.chooseCookie(cookie);
    await new Promise<void>((resolve, reject) => {
      // express-session reads the header before it returns, and takes the first cookie of its name.
      if (chosen !== undefined) request.headers.cookie = chosen;
      void this.middleware(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(error);
      });
      if (chosen !== undefined) request.headers.cookie = cookie;
    });
  }

  /** Whether the session cookie is `Secure` but the request did not come over TLS. */
  lacksTls({ request }: HttpContext): boolean {
    return this.settings.isSecure && !request.secure;
  }

  /** @throws TlsRequiredError if a login would end in a cookie that browsers do not send */
  requireTls(context: HttpContext): void {
    if (this.lacksTls(context)) throw new TlsRequiredError();
  }

  /** Whether the request has a session cookie, valid or not. */
  hasSessionCookie({ request }: HttpContext): boolean {
    return sessionCookiesOf(request.headers.cookie, this.settings.cookieName).length > 0;
  }

  /**
   * Checks, inside a transaction, that a session is still active.
   *
   * @param publicId of the session, as the request arrived
   * @throws NotAuthenticatedError if it has ended
   */
  async requireActive(manager: EntityManager, publicId: string | undefined): Promise<void> {
    const isActive = publicId !== undefined && (await this.repository.isActive(publicId, manager));
    if (!isActive) throw new NotAuthenticatedError();
  }

  /** Whether the session of a request is still active. */
  async isActive({ session: { publicId } }: HttpContext['request']): Promise<boolean> {
    return publicId !== undefined && (await this.repository.isActive(publicId));
  }

  /** Most recently used first. */
  findByMember(memberId: string): Promise<Session[]> {
    return this.repository.findByMember(memberId);
  }

  /**
   * Begins a session with a new id, and ends those of the cookies of this request. Inserts the row before it resolves.
   *
   * @param work runs first, in the same transaction; if it throws, no session begins
   */
  async begin(context: HttpContext, memberId: string, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    const { request } = context;
    await this.load(context);
    const oldIds = this.secretIdsOf(request);
    // `regenerate` would delete the old session in a separate transaction.
    request.sessionStore.generate(request);
    const row = newRow(context, memberId);
    try {
      await this.unitOfWork.run(async (manager) => {
        await work(manager);
        await this.repository.removeBySecretIds(oldIds, manager);
        await this.repository.removeExpired(manager);
        await manager.insert(Session, row);
      });
    } catch (error) {
      detachSession(context);
      throw error;
    }
    request.session.memberId = memberId;
    request.session.publicId = row.id;
    request.session.loggedInAt = row.createdAt.getTime();
    request.session.lastSeenAt = row.lastSeenAt.getTime();
  }

  /**
   * Ends the session of this request, and those of its other session cookies: deletes the rows, then clears the cookie. Does not clear it if the request has none: another
   * site may have sent the request without the cookie, and clearing it would log the member out.
   */
  async end(context: HttpContext): Promise<void> {
    const { headers, session } = context.request;
    if (session.memberId) {
      const ids = this.secretIdsOf(context.request);
      await this.unitOfWork.run((manager) => this.repository.removeBySecretIds(ids, manager));
    }
    if (headers.cookie === undefined) detachSession(context);
    else this.clearCookie(context);
  }

  /**
   * Ends a session of the member, which may be the one of this request.
   *
   * @param id the public id
   * @throws SessionNotFoundError
   */
  async endById(context: HttpContext, memberId: string, id: string): Promise<void> {
    if (!(await this.repository.removeByMember(memberId, id))) throw new SessionNotFoundError(id);
    this.security.record('auth.session.ended', actorOf(context.request), { publicSessionId: id });
    if (id === context.request.session.publicId) this.clearCookie(context);
  }

  /** Clears the cookie, and the storage of our pages in the browser. Call it after the row is deleted. */
  clearCookie(context: HttpContext): void {
    detachSession(context);
    context.response.clearCookie(this.settings.cookieName, this.cookie);
    context.response.setHeader('Clear-Site-Data', CLEARED_SITE_DATA);
  }

  /** The one of several session cookies that is of the latest login; undefined where there is nothing to choose. */
  private async chooseCookie(header: string | undefined): Promise<string | undefined> {
    const pairs = sessionCookiesOf(header, this.settings.cookieName);
    if (pairs.length < 2) return undefined;
    const signed = signedCookiesOf(pairs, this.secrets);
    if (signed.length < 2) return signed[0]?.pair;
    const latest = await this.repository.findLatestSecretId(signed.map(({ secretId }) => secretId));
    return signed.find(({ secretId }) => secretId === latest)?.pair;
  }

  private secretIdsOf({ headers }: HttpContext['request']): string[] {
    const pairs = sessionCookiesOf(headers.cookie, this.settings.cookieName);
    return signedCookiesOf(pairs, this.secrets).map(({ secretId }) => secretId);
  }
}

/** Keeps express-session from saving the session and setting the cookie. */
function detachSession({ request }: HttpContext): void {
  Reflect.deleteProperty(request, 'session');
}

function newRow({ request }: HttpContext, memberId: string): Session {
  const now = new Date();
  return Object.assign(new Session(), {
    id: randomUUID(),
    digest: sha256Of(request.sessionID),
    memberId,
    userAgent: actorOf(request).userAgent ?? null,
    createdAt: now,
    lastSeenAt: now,
  });
}
