import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { KnownAddress } from '../entities/known-address.entity.js';
import { MembersRepository } from '../members/members.repository.js';
import { sha256Of } from '../sha256.js';

/** Addresses kept per member; the least recently used are deleted. A phone uses many. */
const MAX_PER_MEMBER = 100;

/** The addresses from which members have logged in. */
@Injectable()
export class KnownAddressesRepository {
  constructor(
    @InjectRepository(KnownAddress) private readonly rows: Repository<KnownAddress>,
    private readonly members: MembersRepository,
  ) {}

  /** Whether the account has had a login from this address. */
  async has(email: string, address: string): Promise<boolean> {
    const member = await this.members.findByEmail(email);
    return member !== null && this.rows.existsBy({ memberId: member.id, digest: sha256Of(member.id, address) });
  }

  /** Call it inside the transaction of a login. */
  async remember(manager: EntityManager, memberId: string, address: string): Promise<void> {
    const row = { memberId, digest: sha256Of(memberId, address), lastUsedAt: new Date() };
    await manager.upsert(KnownAddress, row, ['memberId', 'digest']);
    const surplus = await manager.find(KnownAddress, {
      where: { memberId },
      order: { lastUsedAt: 'DESC' },
      skip: MAX_PER_MEMBER,
      take: MAX_PER_MEMBER,
    });
    const digests = surplus.map(({ digest }) => digest);
    if (digests.length > 0) await manager.delete(KnownAddress, { memberId, digest: In(digests) });
  }
}
