import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** A file that has been received. */
export interface StoredFile {
  readonly id: string;
  /** In bytes. */
  readonly size: number;
  /** Of its bytes, in hex. */
  readonly sha256: string;
}

/** Files as rows: in chunks, so that any process can read them, and an acknowledged one survives what the database does. */
@Injectable()
export class FileStore {
  /**
   * Stores a stream chunk by chunk, each durable. Until it is kept, the file is removed an hour after its last chunk. If this
   * throws, nothing stays.
   *
   * @throws PayloadTooLargeError past `limit` bytes; StorageFullError past STORAGE_LIMIT_MB; what the source throws
   */
  receive(_source: AsyncIterable<Buffer>, _options: { readonly limit: number }): Promise<StoredFile> {
    throw new Error('not yet');
  }

  /** Its bytes, in pieces, from an offset on. @throws StoredFileGoneError */
  read(_id: string, _from = 0): AsyncIterable<Buffer> {
    throw new Error('not yet');
  }

  /** @throws StoredFileGoneError */
  size(_id: string): Promise<number> {
    throw new Error('not yet');
  }

  /** A new, empty file that is kept; answers its id. */
  create(_manager: EntityManager): Promise<string> {
    throw new Error('not yet');
  }

  /** @throws StoredFileGoneError, StorageFullError */
  append(_manager: EntityManager, _id: string, _bytes: Buffer): Promise<void> {
    throw new Error('not yet');
  }

  /** From now on it is not removed by itself. @throws StoredFileGoneError */
  keep(_manager: EntityManager, _id: string): Promise<void> {
    throw new Error('not yet');
  }

  /** Files that cannot be read any more; their bytes go in small steps afterwards. */
  release(_manager: EntityManager, _ids: readonly string[]): Promise<void> {
    throw new Error('not yet');
  }
}
