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
/** So much is removed in one transaction: 1 MB, for which other writers wait some 3 ms. */
const CHUNKS_AT_ONCE = 16;

/** Removes files that have been released, or were never kept, a few chunks at a time. Several processes may do so at once. */
@Injectable()
export class StorageJanitor implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(INTERVAL_MS, () => this.round());

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

  /** There is something to remove. */
  wake(): void {
    this.task.wake();
  }

  private async round(): Promise<void> {
    try {
      await this.clean();
    } catch (err) {
      this.log.lines.warn({ err }, 'files were not removed');
    }
  }

  private async clean(): Promise<void> {
    while (!this.task.isStopping) {
      const file = await this.files.findOneBy({ removeAt: LessThanOrEqual(new Date()) });
      if (!file) return;
      await this.unitOfWork.run((manager) => removeSome(file.id, manager), { delayedDurability: true });
    }
  }
}

/** A few chunks of the file, and it with the last of them. */
async function removeSome(id: string, manager: EntityManager): Promise<void> {
  const due = { id, removeAt: LessThanOrEqual(new Date()) };
  // Whoever would keep it now comes too late.
  const { affected } = await manager.update(StoredFile, due, { removeAt: new Date(0) });
  if (!affected) return;
  const chunks = await manager.find(StoredChunk, {
    select: { fileId: true, position: true },
    where: { fileId: id },
    order: { position: 'ASC' },
    take: CHUNKS_AT_ONCE,
  });
  const last = chunks.at(-1);
  if (last) await manager.delete(StoredChunk, { fileId: id, position: LessThanOrEqual(last.position) });
  if (chunks.length < CHUNKS_AT_ONCE) await manager.delete(StoredFile, { id });
}
