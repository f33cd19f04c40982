import { Column, Entity, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../database/index.js';

@Entity({ name: 'session' })
export class Session {
  /** What `GET /auth/sessions` calls it: a UUID that opens nothing. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** SHA-256 of the id in the cookie, in hex: who reads this table cannot log in with it. */
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @Column({ type: 'varchar', length: 36 })
  memberId!: string;

  @Column({ type: 'text', nullable: true })
  userAgent!: string | null;

  @InstantColumn()
  createdAt!: Date;

  @InstantColumn()
  lastSeenAt!: Date;
}
