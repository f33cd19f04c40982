import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, LessThanOrEqual, type Repository } from 'typeorm';
import { UnitOfWork } from '../database/index.js';
import { Log } from '../logging/index.js';
import { PeriodicTask } from '../async/index.js';
import { StoredChunk } from './entities/stored-chunk.entity.js';
import { StoredFile } from './entities/stored-file.entity.js';

const INTERVAL_MS = 30_000;
/** Removed per transaction: 1 MB, which delays other writers by some 3 ms. */
const CHUNKS_PER_TRANSACTION = 16;

/** Removes files that were released or never kept, a few chunks at a time. Safe to run in several processes at once. */
@Injectable()
export class StorageJanitor implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(INTERVAL_MS, () => this.run());

  constructor(
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    private readonly unitOfWork: UnitOfWork,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  onModuleDestroy(): void {
    this.task.stop();
  }

  /** The database is closed after this. */
  beforeApplicationShutdown(): Promise<void> {
    return this.task.finished();
  }

  /** Starts a run now, or after the current one. */
  wake(): void {
    this.task.wake();
  }

  private async run(): Promise<void> {
    try {
      await this.removeExpired();
    } catch (err) {
      this.log.lines.warn({ err }, 'files were not removed');
    }
  }

  private async removeExpired(): Promise<void> {
    while (!this.task.isStopping) {
      const file = await this.files.findOneBy({ removeAt: LessThanOrEqual(new Date()) });
      if (!file) return;
      await this.unitOfWork.run((manager) => removeChunks(file.id, manager), { delayedDurability: true });
    }
  }
}

/** Removes a few chunks of a file; with the last ones, the file itself. */
async function removeChunks(id: string, manager: EntityManager): Promise<void> {
  const due = { id, removeAt: LessThanOrEqual(new Date()) };
  // From now on `keep` throws.
  const { affected } = await manager.update(StoredFile, due, { removeAt: new Date(0) });
  if (!affected) return;
  const chunks = await manager.find(StoredChunk, {
    select: { fileId: true, position: true },
    where: { fileId: id },
    order: { position: 'ASC' },
    take: CHUNKS_PER_TRANSACTION,
  });
  const last = chunks.at(-1);
  if (last) await manager.delete(StoredChunk, { fileId: id, position: LessThanOrEqual(last.position) });
  if (chunks.length < CHUNKS_PER_TRANSACTION) await manager.delete(StoredFile, { id });
}
