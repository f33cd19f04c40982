import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';
import { Member } from './member.entity.js';

@Entity({ name: 'api_key' })
export class ApiKey {
  /** A UUID that opens nothing. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** SHA-256 of the key, in hex. A key is 256 random bits, so that nothing slower is needed. */
  @Index('api_key_digest', { unique: true })
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @ForeignKey(() => Member, { name: 'api_key_member', onDelete: 'CASCADE' })
  @Index('api_key_member_id')
  @Column({ type: 'varchar', length: 36 })
  memberId!: string;

  @Column({ type: 'text' })
  name!: string;

  @InstantColumn()
  createdAt!: Date;

  @InstantColumn({ nullable: true })
  expiresAt!: Date | null;

  @InstantColumn({ nullable: true })
  lastUsedAt!: Date | null;
}
