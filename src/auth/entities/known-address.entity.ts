import { Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';
import { Member } from './member.entity.js';

/** An address from which a member has logged in. */
@Entity({ name: 'known_address' })
export class KnownAddress {
  @ForeignKey(() => Member, { name: 'known_address_member', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'varchar', length: 36 })
  memberId!: string;

  /** Hex SHA-256 of the member's id and the address. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  digest!: string;

  @InstantColumn()
  lastUsedAt!: Date;
}
