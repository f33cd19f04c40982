import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn } from '../../platform/database/index.js';

/** How often something has failed lately: a row for what is counted, until its window has passed. */
@Entity({ name: 'failure_count' })
export class FailureCount {
  /** SHA-256, in hex, of what is counted: the table knows no e-mail and no address. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  key!: string;

  @Column({ type: 'integer' })
  failures!: number;

  @Index('failure_count_expires_at')
  @InstantColumn()
  expiresAt!: Date;
}
