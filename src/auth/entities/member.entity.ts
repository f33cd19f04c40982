import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

@Entity({ name: 'member' })
export class Member {
  /** A UUID. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** As entered at sign-up. */
  @Column({ type: 'text' })
  email!: string;

  /** The normalized e-mail, unique; see `emailKeyOf`. */
  @Index('member_email_key', { unique: true })
  @Column({ type: 'text' })
  emailKey!: string;

  /** Argon2id hash in the PHC string format, which includes parameters and salt. */
  @Column({ type: 'text' })
  passwordHash!: string;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ type: 'varchar', length: 16 })
  role!: 'member' | 'admin';

  @InstantColumn()
  createdAt!: Date;
}
