import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

@Entity({ name: 'member' })
export class Member {
  /** A UUID. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** As it was given. */
  @Column({ type: 'text' })
  email!: string;

  /** The e-mail as it compares: unique. */
  @Index('member_email_key', { unique: true })
  @Column({ type: 'text' })
  emailKey!: string;

  /** Argon2id in the PHC string format, which holds its own parameters and salt. */
  @Column({ type: 'text' })
  passwordHash!: string;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ type: 'varchar', length: 16 })
  role!: 'member' | 'admin';

  @InstantColumn()
  createdAt!: Date;
}
