import { Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn, SafeIntegerColumn } from '../../database/index.js';

/** A file, whose bytes are its chunks. */
@Entity('stored_file')
@Index('stored_file_remove_at', ['removeAt'])
export class StoredFile {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  /** Of all its chunks, in bytes. */
  @SafeIntegerColumn()
  size!: number;

  @InstantColumn()
  createdAt!: Date;

  /** From when on it is to be removed; null where it is kept, 0 where it has been released. */
  @InstantColumn({ nullable: true })
  removeAt!: Date | null;
}
