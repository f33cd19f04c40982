import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, LessThanOrEqual, Not, type Repository } from 'typeorm';
import { PreparedStatements, UnitOfWork } from '../database/index.js';
import { inPieces } from '../async/index.js';
import { PayloadTooLargeError } from '../http/index.js';
import { StoredChunk } from './entities/stored-chunk.entity.js';
import { StoredFile as FileRow } from './entities/stored-file.entity.js';
import { StorageJanitor } from './storage-janitor.js';
import { StorageUsage } from './storage-usage.js';
import { StoredFileGoneError } from './storage.errors.js';

/** Size of a chunk. Each is written in a transaction of its own, during which other writers wait. */
const CHUNK_BYTES = 64 * 1024;
/** Lifetime of a file that has not been kept, counted from its last chunk. */
const UNKEPT_TTL_MS = 3_600_000;
const RELEASED = new Date(0);
/** Below the limit of parameters of a statement. */
const IDS_PER_STATEMENT = 1_000;

/** A received file. */
export interface StoredFile {
  readonly id: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
}

/** Stores files in the database, in chunks: every process can read them, and they are as durable as the database. */
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
   * Stores a stream chunk by chunk. The file is removed an hour after its last chunk unless `keep` is called, and is durable from
   * then on. An error leaves nothing behind.
   *
   * @throws PayloadTooLargeError beyond `limit` bytes; StorageFullError beyond STORAGE_LIMIT_MB; any error of the source
   */
  async receive(source: AsyncIterable<Buffer>, { limit }: { readonly limit: number }): Promise<StoredFile> {
    const id = await this.unitOfWork.run((manager) => this.add(manager, expiry()), { delayedDurability: true });
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const piece of inPieces(limitBytes(source, limit), CHUNK_BYTES)) {
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

  /** Yields its bytes from an offset on. @throws StoredFileGoneError, also if the file is removed meanwhile */
  async *read(id: string, from = 0): AsyncGenerator<Buffer> {
    const size = await this.size(id);
    if (from >= size) return;
    let position = await this.findChunkPosition(id, from);
    while (position < size) {
      const chunk = await this.chunks.findOneBy({ fileId: id, position });
      if (!chunk) throw new StoredFileGoneError();
      yield position < from ? chunk.bytes.subarray(from - position) : chunk.bytes;
      position += chunk.bytes.length;
    }
  }

  /** In bytes. @throws StoredFileGoneError */
  async size(id: string): Promise<number> {
    return requireFile(await this.fileRows.find(this.files.manager, id)).size;
  }

  /** Creates an empty file that is kept, and returns its id. */
  create(manager: EntityManager): Promise<string> {
    return this.add(manager, null);
  }

  /** @throws StoredFileGoneError, StorageFullError */
  async append(manager: EntityManager, id: string, bytes: Buffer): Promise<void> {
    const file = requireFile(await this.fileRows.findForUpdate(manager, id));
    await this.usage.reserve(manager, bytes.length);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const piece = bytes.subarray(at, at + CHUNK_BYTES);
      await this.chunkRows.insert(manager, { fileId: id, position: file.size + at, bytes: piece });
    }
    const removeAt = file.removeAt && expiry();
    await manager.update(FileRow, { id }, { size: file.size + bytes.length, removeAt });
  }

  /** Exempts the file from automatic removal. @throws StoredFileGoneError */
  async keep(manager: EntityManager, id: string): Promise<void> {
    requireFile(await this.fileRows.findForUpdate(manager, id));
    await manager.update(FileRow, { id }, { removeAt: null });
  }

  /** Makes files unreadable at once; the janitor removes their bytes in small steps. */
  async release(manager: EntityManager, ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += IDS_PER_STATEMENT) {
      await manager.update(FileRow, { id: In(ids.slice(at, at + IDS_PER_STATEMENT)) }, { removeAt: RELEASED });
    }
    if (ids.length > 0) this.unitOfWork.afterCommit(manager, () => this.janitor.wake());
  }

  /**
   * Releases a file unless it has been kept: a transaction that keeps it may have committed although its caller saw an error. If
   * the database refuses the write, the file expires after its hour.
   */
  async discard(id: string): Promise<void> {
    const notKept = { id, removeAt: Not(IsNull()) };
    await this.unitOfWork
      .run((manager) => manager.update(FileRow, notKept, { removeAt: RELEASED }))
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

  /** Position of the chunk that contains the byte at an offset. */
  private async findChunkPosition(fileId: string, offset: number): Promise<number> {
    if (offset === 0) return 0;
    return (await this.chunks.maximum('position', { fileId, position: LessThanOrEqual(offset) })) ?? 0;
  }
}

function expiry(): Date {
  return new Date(Date.now() + UNKEPT_TTL_MS);
}

/** @throws PayloadTooLargeError as soon as the stream exceeds `limit` bytes */
async function* limitBytes(source: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const part of source) {
    total += part.length;
    if (total > limit) throw new PayloadTooLargeError(`The file is larger than ${limit} bytes.`);
    yield part;
  }
}

/** @throws StoredFileGoneError if the file does not exist, or has been released or has expired */
function requireFile(file: FileRow | null): FileRow {
  if (file === null || (file.removeAt !== null && file.removeAt.getTime() <= Date.now()))
    throw new StoredFileGoneError();
  return file;
}
