import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';
import { Member } from './member.entity.js';

@Entity({ name: 'session' })
export class Session {
  /** What `GET /auth/sessions` calls it: a UUID that opens nothing. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** SHA-256 of the id in the cookie, in hex: who reads this table cannot log in with it. */
  @Index('session_digest', { unique: true })
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @ForeignKey(() => Member, { name: 'session_member', onDelete: 'CASCADE' })
  @Index('session_member_id')
  @Column({ type: 'varchar', length: 36 })
  memberId!: string;

  @Column({ type: 'text', nullable: true })
  userAgent!: string | null;

  @Index('session_created_at')
  @InstantColumn()
  createdAt!: Date;

  @Index('session_last_seen_at')
  @InstantColumn()
  lastSeenAt!: Date;
}
