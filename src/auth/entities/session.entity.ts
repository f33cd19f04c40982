import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../database/index.js';
import { Member } from './member.entity.js';

@Entity({ name: 'session' })
@Index('session_digest', ['digest'], { unique: true })
@Index('session_member_id', ['memberId'])
@Index('session_created_at', ['createdAt'])
@Index('session_last_seen_at', ['lastSeenAt'])
export class Session {
  /** What `GET /auth/sessions` calls it: a UUID that opens nothing. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** SHA-256 of the id in the cookie, in hex: who reads this table cannot log in with it. */
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @ForeignKey(() => Member, { name: 'session_member', onDelete: 'CASCADE' })
  @Column({ type: 'varchar', length: 36 })
  memberId!: string;

  @Column({ type: 'text', nullable: true })
  userAgent!: string | null;

  @InstantColumn()
  createdAt!: Date;

  @InstantColumn()
  lastSeenAt!: Date;
}
