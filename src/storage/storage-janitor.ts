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
import { StoredChunk } from './entities/stored-chunk.entity.js';
import { StoredFile } from './entities/stored-file.entity.js';

const ROUND_MS = 30_000;
/** So much is removed in one transaction: 2 MB, for which other writers wait some 5 ms. */
const CHUNKS_AT_ONCE = 8;

/** Removes files that have been released, or were never kept, a few chunks at a time. Several processes may do so at once. */
@Injectable()
export class StorageJanitor implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private isWanted = false;
  private isStopping = false;

  constructor(
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    private readonly unitOfWork: UnitOfWork,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.nudge(), ROUND_MS).unref();
    this.nudge();
  }

  onModuleDestroy(): void {
    this.isStopping = true;
    clearInterval(this.timer);
  }

  /** The database is closed after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.working;
  }

  /** There is something to remove. */
  nudge(): void {
    this.isWanted = true;
    this.working ??= this.work();
  }

  private async work(): Promise<void> {
    while (this.isWanted && !this.isStopping) {
      this.isWanted = false;
      await this.clean().catch((err: unknown) => this.log.lines.warn({ err }, 'files were not removed'));
    }
    this.working = undefined;
  }

  private async clean(): Promise<void> {
    for (;;) {
      const file = await this.files.findOneBy({ removeAt: LessThanOrEqual(new Date()) });
      if (!file) return;
      while (!(await this.unitOfWork.run((manager) => removeSome(file.id, manager)))) if (this.isStopping) return;
    }
  }
}

/** Answers whether there is nothing left of the file, or it is not to be removed any more. */
async function removeSome(id: string, manager: EntityManager): Promise<boolean> {
  const due = { id, removeAt: LessThanOrEqual(new Date()) };
  // Whoever would keep it now comes too late.
  const { affected } = await manager.update(StoredFile, due, { removeAt: new Date(0) });
  if (!affected) return true;
  const chunks = await manager.find(StoredChunk, {
    select: { fileId: true, position: true },
    where: { fileId: id },
    order: { position: 'ASC' },
    take: CHUNKS_AT_ONCE,
  });
  const last = chunks.at(-1);
  if (last) await manager.delete(StoredChunk, { fileId: id, position: LessThanOrEqual(last.position) });
  if (chunks.length === CHUNKS_AT_ONCE) return false;
  await manager.delete(StoredFile, { id });
  return true;
}
