import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';
import { Member } from './member.entity.js';

@Entity({ name: 'api_key' })
export class ApiKey {
  /** Public id, a UUID; not a credential. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** Hex SHA-256 of the key. A key has 256 random bits, so it needs no slow password hash. */
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
