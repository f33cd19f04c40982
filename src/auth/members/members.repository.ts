import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { PreparedStatements } from '../../platform/database/index.js';
import { Member } from '../entities/member.entity.js';

/** Members, as the rest of this room looks for them. */
@Injectable()
export class Members {
  private readonly statements = new PreparedStatements(Member, 'id');

  constructor(@InjectRepository(Member) private readonly rows: Repository<Member>) {}

  findById(id: string): Promise<Member | null> {
    return this.statements.find(this.rows.manager, id);
  }

  findByEmail(email: string): Promise<Member | null> {
    return this.rows.findOneBy({ emailKey: emailKeyOf(email) });
  }

  /**
   * The member as the transaction finds them, and keeps them until it ends. Whatever changes what belongs to a member asks
   * for this first, so that such changes follow one another.
   */
  lock(manager: EntityManager, id: string): Promise<Member | null> {
    return this.statements.findForUpdate(manager, id);
  }
}

/** Two e-mails are the same where their keys are. */
export function emailKeyOf(email: string): string {
  return email.toLowerCase().normalize('NFC');
}
