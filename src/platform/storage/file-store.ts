import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, LessThanOrEqual, Not, type Repository } from 'typeorm';
import { PreparedStatements, UnitOfWork } from '../database/index.js';
import { inPieces } from '../async/index.js';
import { StoredChunk } from './entities/stored-chunk.entity.js';
import { StoredFile as FileRow } from './entities/stored-file.entity.js';
import { limited } from './limited.js';
import { StorageJanitor } from './storage-janitor.js';
import { StorageUsage } from './storage-usage.js';
import { StoredFileGoneError } from './storage.errors.js';

/** Of a chunk: each is a write of its own, for which all other writers wait. */
const CHUNK_BYTES = 64 * 1024;
const UNKEPT_MS = 3_600_000;
const RELEASED = new Date(0);
/** Fewer than the parameters that a statement may have. */
const MAX_IDS = 1_000;

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
  private readonly fileRows = new PreparedStatements(FileRow, 'id');
  private readonly chunkRows = new PreparedStatements(StoredChunk, 'fileId');

  constructor(
    @InjectRepository(FileRow) private readonly files: Repository<FileRow>,
    @InjectRepository(StoredChunk) private readonly chunks: Repository<StoredChunk>,
    private readonly unitOfWork: UnitOfWork,
    private readonly usage: StorageUsage,
    private readonly janitor: StorageJanitor,
  ) {}

  /**
   * Stores a stream chunk by chunk; durable once it is kept. Until then, the file is removed an hour after its last chunk. If
   * this throws, nothing stays.
   *
   * @throws PayloadTooLargeError past `limit` bytes; StorageFullError past STORAGE_LIMIT_MB; what the source throws
   */
  async receive(source: AsyncIterable<Buffer>, { limit }: { readonly limit: number }): Promise<StoredFile> {
    const id = await this.unitOfWork.run((manager) => this.add(manager, inAnHour()), { delayedDurability: true });
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const piece of inPieces(limited(source, limit), CHUNK_BYTES)) {
        hash.update(piece);
        size += piece.length;
        await this.unitOfWork.run((manager) => this.append(manager, id, piece), { delayedDurability: true });
      }
    } catch (error) {
      await this.discard(id);
      throw error;
    }
    return { id, size, sha256: hash.digest('hex') };
  }

  /** Its bytes, in pieces, from an offset on. @throws StoredFileGoneError, also where it goes meanwhile */
  async *read(id: string, from = 0): AsyncGenerator<Buffer> {
    const size = await this.size(id);
    if (from >= size) return;
    let position = await this.startOfChunk(id, from);
    while (position < size) {
      const chunk = await this.chunks.findOneBy({ fileId: id, position });
      if (!chunk) throw new StoredFileGoneError();
      yield position < from ? chunk.bytes.subarray(from - position) : chunk.bytes;
      position += chunk.bytes.length;
    }
  }

  /** In bytes. @throws StoredFileGoneError */
  async size(id: string): Promise<number> {
    return demandThere(await this.fileRows.find(this.files.manager, id)).size;
  }

  /** A new, empty file that is kept; answers its id. */
  create(manager: EntityManager): Promise<string> {
    return this.add(manager, null);
  }

  /** @throws StoredFileGoneError, StorageFullError */
  async append(manager: EntityManager, id: string, bytes: Buffer): Promise<void> {
    const file = demandThere(await this.fileRows.findForUpdate(manager, id));
    await this.usage.take(manager, bytes.length);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const piece = bytes.subarray(at, at + CHUNK_BYTES);
      await this.chunkRows.insert(manager, { fileId: id, position: file.size + at, bytes: piece });
    }
    const removeAt = file.removeAt && inAnHour();
    await manager.update(FileRow, { id }, { size: file.size + bytes.length, removeAt });
  }

  /** From now on it is not removed by itself. @throws StoredFileGoneError */
  async keep(manager: EntityManager, id: string): Promise<void> {
    demandThere(await this.fileRows.findForUpdate(manager, id));
    await manager.update(FileRow, { id }, { removeAt: null });
  }

  /** Files that cannot be read any more; their bytes go in small steps afterwards. */
  async release(manager: EntityManager, ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += MAX_IDS) {
      await manager.update(FileRow, { id: In(ids.slice(at, at + MAX_IDS)) }, { removeAt: RELEASED });
    }
    if (ids.length > 0) this.unitOfWork.afterCommit(manager, () => this.janitor.wake());
  }

  /**
   * A file for which there is no use after all, unless it was kept: whoever was to keep it may have done so, and not know it. Where
   * that cannot be written, it goes after its hour.
   */
  async discard(id: string): Promise<void> {
    const unkept = { id, removeAt: Not(IsNull()) };
    await this.unitOfWork
      .run((manager) => manager.update(FileRow, unkept, { removeAt: RELEASED }))
      .then(
        () => this.janitor.wake(),
        () => undefined,
      );
  }

  private async add(manager: EntityManager, removeAt: Date | null): Promise<string> {
    const id = randomUUID();
    await this.fileRows.insert(manager, { id, size: 0, createdAt: new Date(), removeAt });
    return id;
  }

  /** Where the chunk begins that has the byte at an offset. */
  private async startOfChunk(fileId: string, offset: number): Promise<number> {
    if (offset === 0) return 0;
    return (await this.chunks.maximum('position', { fileId, position: LessThanOrEqual(offset) })) ?? 0;
  }
}

function inAnHour(): Date {
  return new Date(Date.now() + UNKEPT_MS);
}

function demandThere(file: FileRow | null): FileRow {
  if (file === null || (file.removeAt !== null && file.removeAt.getTime() <= Date.now()))
    throw new StoredFileGoneError();
  return file;
}
