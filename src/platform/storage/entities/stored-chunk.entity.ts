import { Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { BytesColumn } from '../../database/index.js';
import { StoredFile } from './stored-file.entity.js';

/** A piece of a file, small enough to be kept in memory. */
@Entity('stored_chunk')
export class StoredChunk {
  @ForeignKey(() => StoredFile, { name: 'stored_chunk_file' })
  @PrimaryColumn('varchar', { length: 36 })
  fileId!: string;

  /** How many bytes of the file come before it. */
  @PrimaryColumn('bigint', { transformer: { to: (value: unknown) => value, from: Number } })
  position!: number;

  @BytesColumn()
  bytes!: Buffer;
}
