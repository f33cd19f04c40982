import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isUniqueViolation, UnitOfWork } from '../platform/database/index.js';
import { actorOf, bearerTokenOf, networkOf } from '../platform/http/index.js';
import { SecurityLog } from '../platform/logging/index.js';
import { LoginThrottle } from './login-throttle/login-throttle.service.js';
import { KnownAddressesRepository } from './login-throttle/known-addresses.repository.js';
import {
  BadCredentialsError,
  EmailTakenError,
  weakPassword,
  NotAuthenticatedError,
  wrongPassword,
} from './auth.errors.js';
import type { ChangePasswordDto, LogInDto, SignUpDto } from './dto/credentials.dto.js';
import { ApiKey } from './entities/api-key.entity.js';
import { Member } from './entities/member.entity.js';
import { Session } from './entities/session.entity.js';
import { isWeakPassword } from './members/weak-passwords.js';
import { WithdrawalHooks } from './members/withdrawal-hooks.js';
import { emailKeyOf, MembersRepository } from './members/members.repository.js';
import { PasswordHasher } from './members/password-hasher.js';
import type { HttpContext } from './sessions/http-context.js';
import { SessionsService } from './sessions/sessions.service.js';

/** Sign-up, login, logout, password change and withdrawal. Hashes passwords before a transaction, never inside one. */
@Injectable()
export class AuthService {
  constructor(
    private readonly members: MembersRepository,
    private readonly passwordHasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly withdrawalHooks: WithdrawalHooks,
    private readonly unitOfWork: UnitOfWork,
    private readonly loginThrottle: LoginThrottle,
    private readonly knownAddresses: KnownAddressesRepository,
    private readonly security: SecurityLog,
  ) {}

  /**
   * Creates a member, without logging in.
   *
   * @throws EmailTakenError
   * @throws TooManyFailuresError
   * @throws HashingBusyError
   */
  async signUp(context: HttpContext, dto: SignUpDto): Promise<Member> {
    const member = await this.loginThrottle.throttleSignUp(context, () => this.createMember(dto));
    this.security.record('auth.signup', { ...actorOf(context.request), memberId: member.id });
    return member;
  }

  /**
   * Verifies the password and begins a session.
   *
   * @throws TlsRequiredError
   * @throws BadCredentialsError
   * @throws TooManyFailuresError
   * @throws HashingBusyError
   */
  async logIn(context: HttpContext, dto: LogInDto): Promise<Member> {
    this.sessions.requireTls(context);
    const check = (): Promise<Member> => this.checkCredentials(context, dto);
    return this.loginThrottle.throttlePasswordCheck(context, emailKeyOf(dto.email), check);
  }

  /** Ends the session of the request. Does nothing for an API key, which has no session. */
  async logOut(context: HttpContext): Promise<void> {
    if (bearerTokenOf(context.request.headers.authorization) !== undefined) return;
    await this.sessions.load(context);
    const { memberId } = context.request.session;
    await this.sessions.end(context);
    if (memberId === undefined) return;
    context.request.memberId = memberId;
    this.security.record('auth.logout', actorOf(context.request));
  }

  /** @throws NotAuthenticatedError if the member has withdrawn */
  async findMember(id: string): Promise<Member> {
    const member = await this.members.findById(id);
    if (member === null) throw new NotAuthenticatedError();
    return member;
  }

  /**
   * Sets a new password, ends all sessions of the member, and begins a new one for this request.
   *
   * @throws TlsRequiredError
   * @throws ForbiddenError `auth.wrong-password`
   * @throws InvalidInputError if the new password is weak
   * @throws NotAuthenticatedError if the session has ended meanwhile
   * @throws TooManyFailuresError
   * @throws HashingBusyError
   */
  async changePassword(context: HttpContext, memberId: string, dto: ChangePasswordDto): Promise<void> {
    this.sessions.requireTls(context);
    const { publicId } = context.request.session;
    const member = await this.verifyPassword(context, memberId, dto.currentPassword);
    if (isWeakPassword(dto.newPassword, member.email)) throw weakPassword('newPassword');
    const passwordHash = await this.passwordHasher.hash(dto.newPassword);
    await this.sessions.begin(context, memberId, async (manager) => {
      await this.requireUnchanged(manager, member, publicId);
      await manager.update(Member, { id: memberId }, { passwordHash });
      await manager.delete(Session, { memberId });
    });
    this.security.record('auth.password.changed', actorOf(context.request));
  }

  /**
   * Deletes the member, with sessions and API keys, and runs the withdrawal hooks, in one transaction.
   *
   * @throws ForbiddenError `auth.wrong-password`
   * @throws NotAuthenticatedError if the session has ended meanwhile
   * @throws TooManyFailuresError
   * @throws HashingBusyError
   */
  async withdraw(context: HttpContext, memberId: string, password: string): Promise<void> {
    const { publicId } = context.request.session;
    const member = await this.verifyPassword(context, memberId, password);
    await this.unitOfWork.run(async (manager) => {
      await this.requireUnchanged(manager, member, publicId);
      await this.withdrawalHooks.run(memberId, manager);
      await manager.delete(ApiKey, { memberId });
      await manager.delete(Session, { memberId });
      await manager.delete(Member, { id: memberId });
    });
    this.sessions.clearCookie(context);
    this.security.record('auth.withdrawn', actorOf(context.request));
  }

  private async createMember({ email, password, name }: SignUpDto): Promise<Member> {
    const passwordHash = await this.passwordHasher.hash(password);
    const member = Object.assign(new Member(), {
      id: randomUUID(),
      email,
      emailKey: emailKeyOf(email),
      passwordHash,
      name: name ?? null,
      role: 'member',
      createdAt: new Date(),
    });
    try {
      await this.unitOfWork.run((manager) => manager.insert(Member, member));
    } catch (error) {
      throw isUniqueViolation(error) ? new EmailTakenError() : error;
    }
    return member;
  }

  private async checkCredentials(context: HttpContext, { email, password }: LogInDto): Promise<Member> {
    const actor = actorOf(context.request);
    const member = await this.members.findByEmail(email);
    const isRight = await this.passwordHasher.verify(password, member?.passwordHash);
    if (member === null || !isRight) {
      this.security.record('auth.login.failed', { ...actor, memberId: member?.id });
      throw new BadCredentialsError();
    }
    await this.beginSession(context, member);
    context.request.memberId = member.id;
    this.security.record('auth.login.succeeded', { ...actor, memberId: member.id });
    return member;
  }

  /** Fails if the password was changed, or the member withdrew, while the password was being verified. */
  private async beginSession(context: HttpContext, { id, passwordHash }: Member): Promise<void> {
    await this.sessions.begin(context, id, async (manager) => {
      const current = await this.members.findForUpdate(manager, id);
      if (current?.passwordHash !== passwordHash) throw new BadCredentialsError();
      await this.knownAddresses.remember(manager, id, networkOf(context.request.ip ?? ''));
    });
  }

  /** Asks for the password of a member who is logged in. */
  private async verifyPassword(context: HttpContext, memberId: string, password: string): Promise<Member> {
    const member = await this.findMember(memberId);
    const { request } = context;
    return this.loginThrottle.throttlePasswordCheck(context, member.emailKey, async () => {
      if (await this.passwordHasher.verify(password, member.passwordHash)) return member;
      const error = wrongPassword();
      this.security.record('auth.refused', actorOf(request), { code: error.code, path: request.path });
      throw error;
    });
  }

  /** Repeats, inside the transaction, the checks that were made before it. */
  private async requireUnchanged(manager: EntityManager, member: Member, publicId: string | undefined): Promise<void> {
    const current = await this.members.findForUpdate(manager, member.id);
    await this.sessions.requireActive(manager, publicId);
    if (current?.passwordHash !== member.passwordHash) throw wrongPassword();
  }
}
