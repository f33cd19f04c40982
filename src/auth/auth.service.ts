import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isUniqueViolation, UnitOfWork } from '../platform/database/index.js';
import { actorOf, networkOf } from '../platform/http/index.js';
import { SecurityLog } from '../platform/logging/index.js';
import { Attempts } from './attempts/attempts.service.js';
import { KnownAddresses } from './attempts/known-addresses.js';
import {
  BadCredentialsError,
  EmailTakenError,
  guessablePassword,
  NotAuthenticatedError,
  wrongPassword,
} from './auth.errors.js';
import type { ChangePasswordDto, LogInDto, SignUpDto } from './dto/credentials.dto.js';
import { ApiKey } from './entities/api-key.entity.js';
import { Member } from './entities/member.entity.js';
import { Session } from './entities/session.entity.js';
import { bearerToken } from './identity/bearer-token.js';
import { isGuessable } from './members/guessable-passwords.js';
import { WithdrawalHooks } from './members/withdrawal-hooks.js';
import { emailKeyOf, Members } from './members/members.repository.js';
import { Passwords } from './members/passwords.service.js';
import type { HttpContext } from './sessions/http-context.js';
import { Sessions } from './sessions/sessions.service.js';

/** Members coming, going in and out. Hashing comes before each transaction, never inside. */
@Injectable()
export class AuthService {
  constructor(
    private readonly members: Members,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly withdrawals: WithdrawalHooks,
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: Attempts,
    private readonly knownAddresses: KnownAddresses,
    private readonly security: SecurityLog,
  ) {}

  async signUp(context: HttpContext, dto: SignUpDto): Promise<Member> {
    const member = await this.attempts.addMember(context, () => this.addMember(dto));
    this.security.record('auth.signup', { ...actorOf(context.request), memberId: member.id });
    return member;
  }

  private async addMember({ email, password, name }: SignUpDto): Promise<Member> {
    const passwordHash = await this.passwords.hash(password);
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

  async logIn(context: HttpContext, dto: LogInDto): Promise<Member> {
    this.sessions.requireTls(context);
    return this.attempts.checkPassword(context, emailKeyOf(dto.email), () => this.checkAndLogIn(context, dto));
  }

  private async checkAndLogIn(context: HttpContext, { email, password }: LogInDto): Promise<Member> {
    const actor = actorOf(context.request);
    const member = await this.members.findByEmail(email);
    const isRight = await this.passwords.matches(password, member?.passwordHash);
    if (member === null || !isRight) {
      this.security.record('auth.login.failed', { ...actor, memberId: member?.id });
      throw new BadCredentialsError();
    }
    await this.beginSession(context, member);
    context.request.memberId = member.id;
    this.security.record('auth.login.succeeded', { ...actor, memberId: member.id });
    return member;
  }

  /** Not where the password was changed, or the member left, while it was being checked. */
  private async beginSession(context: HttpContext, { id, passwordHash }: Member): Promise<void> {
    await this.sessions.begin(context, id, async (manager) => {
      const current = await this.members.lock(manager, id);
      if (current?.passwordHash !== passwordHash) throw new BadCredentialsError();
      await this.knownAddresses.remember(manager, id, networkOf(context.request.ip ?? ''));
    });
  }

  /** Leaves the session alone where an API key is sent, which stands in for no session. */
  async logOut(context: HttpContext): Promise<void> {
    if (bearerToken(context.request) !== undefined) return;
    await this.sessions.open(context);
    const { memberId } = context.request.session;
    await this.sessions.end(context);
    if (memberId === undefined) return;
    context.request.memberId = memberId;
    this.security.record('auth.logout', actorOf(context.request));
  }

  async show(id: string): Promise<Member> {
    const member = await this.members.findById(id);
    if (member === null) throw new NotAuthenticatedError();
    return member;
  }

  /** Ends the member's other sessions, and gives this one a new id. */
  async changePassword(context: HttpContext, memberId: string, dto: ChangePasswordDto): Promise<void> {
    this.sessions.requireTls(context);
    const { publicId } = context.request.session;
    const member = await this.requirePassword(context, memberId, dto.currentPassword);
    if (isGuessable(dto.newPassword, member.email)) throw guessablePassword('newPassword');
    const passwordHash = await this.passwords.hash(dto.newPassword);
    await this.sessions.begin(context, memberId, async (manager) => {
      await this.requireUnchanged(manager, member, publicId);
      await manager.update(Member, { id: memberId }, { passwordHash });
      await manager.delete(Session, { memberId });
    });
    this.security.record('auth.password.changed', actorOf(context.request));
  }

  /** Takes the member away with everything of theirs, all or nothing. */
  async withdraw(context: HttpContext, memberId: string, password: string): Promise<void> {
    const { publicId } = context.request.session;
    const member = await this.requirePassword(context, memberId, password);
    await this.unitOfWork.run(async (manager) => {
      await this.requireUnchanged(manager, member, publicId);
      await this.withdrawals.run(memberId, manager);
      await manager.delete(ApiKey, { memberId });
      await manager.delete(Session, { memberId });
      await manager.delete(Member, { id: memberId });
    });
    this.sessions.takeBack(context);
    this.security.record('auth.withdrawn', actorOf(context.request));
  }

  private async requirePassword(context: HttpContext, memberId: string, password: string): Promise<Member> {
    const member = await this.show(memberId);
    const { request } = context;
    return this.attempts.checkPassword(context, member.emailKey, async () => {
      if (await this.passwords.matches(password, member.passwordHash)) return member;
      const refusal = wrongPassword();
      this.security.record('auth.refused', actorOf(request), { code: refusal.code, path: request.path });
      throw refusal;
    });
  }

  /** What was checked before the transaction has to be so inside it too. */
  private async requireUnchanged(manager: EntityManager, member: Member, publicId: string | undefined): Promise<void> {
    const current = await this.members.lock(manager, member.id);
    await this.sessions.requireLiving(manager, publicId);
    if (current?.passwordHash !== member.passwordHash) throw wrongPassword();
  }
}
