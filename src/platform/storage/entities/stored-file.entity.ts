import { Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn, SafeIntegerColumn } from '../../database/index.js';

/** A file. Its bytes are rows of `stored_chunk`. */
@Entity('stored_file')
@Index('stored_file_remove_at', ['removeAt'])
export class StoredFile {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  /** In bytes. */
  @SafeIntegerColumn()
  size!: number;

  @InstantColumn()
  createdAt!: Date;

  /** Time of its removal; null if it is kept, 0 if it was released. */
  @InstantColumn({ nullable: true })
  removeAt!: Date | null;
}
