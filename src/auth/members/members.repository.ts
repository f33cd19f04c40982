import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { PreparedStatements, type UnitOfWork } from '../../platform/database/index.js';
import { Member } from '../entities/member.entity.js';

export type Role = Member['role'];

/** Database access to members. */
@Injectable()
export class MembersRepository {
  private readonly statements = new PreparedStatements(Member, 'id');

  constructor(@InjectRepository(Member) private readonly rows: Repository<Member>) {}

  findById(id: string): Promise<Member | null> {
    return this.statements.find(this.rows.manager, id);
  }

  /** @param email compared without case */
  findByEmail(email: string): Promise<Member | null> {
    return this.rows.findOneBy({ emailKey: emailKeyOf(email) });
  }

  /**
   * The member, locked until the transaction ends. Every change to what belongs to a member takes this lock first, so that
   * such changes are serialized.
   */
  findForUpdate(manager: EntityManager, id: string): Promise<Member | null> {
    return this.statements.findForUpdate(manager, id);
  }
}

/** The unique key under which e-mail addresses that differ only in case or Unicode encoding are the same. */
export function emailKeyOf(email: string): string {
  return email.toLowerCase().normalize('NFC');
}

/**
 * Gives a member another role. A function, so that the command line can call it without the application.
 *
 * @throws Error if there is no member with this e-mail
 */
export function changeRole(unitOfWork: UnitOfWork, email: string, role: Role): Promise<Pick<Member, 'id' | 'email'>> {
  return unitOfWork.run(async (manager) => {
    const member = await manager.findOneBy(Member, { emailKey: emailKeyOf(email.trim()) });
    if (member === null) throw new Error(`There is no member with the e-mail ${email}.`);
    await manager.update(Member, { id: member.id }, { role });
    return { id: member.id, email: member.email };
  });
}
