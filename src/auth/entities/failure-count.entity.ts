import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

/** Failures in one fixed window; the row expires with the window. */
@Entity({ name: 'failure_count' })
export class FailureCount {
  /** Hex SHA-256 of the name of the limit and its subject: the table holds no e-mail and no address. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  key!: string;

  @Column({ type: 'integer' })
  failures!: number;

  @Index('failure_count_expires_at')
  @InstantColumn()
  expiresAt!: Date;
}
