import { Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { BytesColumn } from '../../database/index.js';
import { StoredFile } from './stored-file.entity.js';

/** A part of a stored file, small enough for memory. */
@Entity('stored_chunk')
export class StoredChunk {
  @ForeignKey(() => StoredFile, { name: 'stored_chunk_file' })
  @PrimaryColumn('varchar', { length: 36 })
  fileId!: string;

  /** Offset in the file, in bytes. */
  @PrimaryColumn('bigint', { transformer: { to: (value: unknown) => value, from: Number } })
  position!: number;

  @BytesColumn()
  bytes!: Buffer;
}
