import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isUniqueViolation, UnitOfWork } from '../database/index.js';
import { actorOf } from '../http/index.js';
import { SecurityLog } from '../logging/index.js';
import { BadCredentialsError, EmailTakenError, NotAuthenticatedError } from './auth.errors.js';
import type { LogInDto, SignUpDto } from './dto/credentials.dto.js';
import { Member } from './entities/member.entity.js';
import { bearerToken } from './identity/bearer-token.js';
import { emailKeyOf, Members } from './members/members.repository.js';
import { Passwords } from './members/passwords.service.js';
import type { Exchange } from './sessions/exchange.js';
import { Sessions } from './sessions/sessions.service.js';

/** Members coming, going in and out. Hashing comes before each transaction, never inside. */
@Injectable()
export class AuthService {
  constructor(
    private readonly members: Members,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly unitOfWork: UnitOfWork,
    private readonly security: SecurityLog,
  ) {}

  async signUp({ request }: Exchange, { email, password, name }: SignUpDto): Promise<Member> {
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
    this.security.record('auth.signup', { ...actorOf(request), memberId: member.id });
    return member;
  }

  async logIn(exchange: Exchange, { email, password }: LogInDto): Promise<Member> {
    this.sessions.requireTls(exchange);
    const actor = actorOf(exchange.request);
    const member = await this.members.findByEmail(email);
    const isRight = await this.passwords.matches(password, member?.passwordHash);
    if (member === null || !isRight) {
      this.security.record('auth.login.failed', { ...actor, memberId: member?.id });
      throw new BadCredentialsError();
    }
    await this.beginSession(exchange, member);
    exchange.request.memberId = member.id;
    this.security.record('auth.login.succeeded', { ...actor, memberId: member.id });
    return member;
  }

  /** Not where the password was changed, or the member left, while it was being checked. */
  private async beginSession(exchange: Exchange, { id, passwordHash }: Member): Promise<void> {
    await this.sessions.begin(exchange, id, async (manager) => {
      const current = await this.members.lock(manager, id);
      if (current?.passwordHash !== passwordHash) throw new BadCredentialsError();
    });
  }

  /** Leaves the session alone where an API key is sent, which stands in for no session. */
  async logOut(exchange: Exchange): Promise<void> {
    if (bearerToken(exchange.request) !== undefined) return;
    await this.sessions.open(exchange);
    const { memberId } = exchange.request.session;
    await this.sessions.end(exchange);
    if (memberId === undefined) return;
    exchange.request.memberId = memberId;
    this.security.record('auth.logout', actorOf(exchange.request));
  }

  async show(id: string): Promise<Member> {
    const member = await this.members.findById(id);
    if (member === null) throw new NotAuthenticatedError();
    return member;
  }
}
