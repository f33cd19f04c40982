import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { digestOf } from '../digest.js';
import { KnownAddress } from '../entities/known-address.entity.js';
import { Members } from '../members/members.repository.js';

/** A phone has many addresses; the oldest are forgotten. */
const MAX_OF_MEMBER = 100;

/** Where members have logged in from. */
@Injectable()
export class KnownAddresses {
  constructor(
    @InjectRepository(KnownAddress) private readonly rows: Repository<KnownAddress>,
    private readonly members: Members,
  ) {}

  /** Whether somebody has logged in to this account from there. */
  async has(email: string, address: string): Promise<boolean> {
    const member = await this.members.findByEmail(email);
    return member !== null && this.rows.existsBy({ memberId: member.id, digest: digestOf(member.id, address) });
  }

  /** Belongs into the transaction of a login. */
  async remember(manager: EntityManager, memberId: string, address: string): Promise<void> {
    const row = { memberId, digest: digestOf(memberId, address), lastUsedAt: new Date() };
    await manager.upsert(KnownAddress, row, ['memberId', 'digest']);
    const tooMany = await manager.find(KnownAddress, {
      where: { memberId },
      order: { lastUsedAt: 'DESC' },
      skip: MAX_OF_MEMBER,
      take: MAX_OF_MEMBER,
    });
    const digests = tooMany.map(({ digest }) => digest);
    if (digests.length > 0) await manager.delete(KnownAddress, { memberId, digest: In(digests) });
  }
}
