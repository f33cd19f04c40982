import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';
import { Member } from './member.entity.js';

@Entity({ name: 'session' })
export class Session {
  /** Public id in `GET /auth/sessions`, a UUID; not a credential. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** Hex SHA-256 of the secret id in the cookie: the table holds nothing to log in with. */
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
