import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { acquireTransactionLock } from '../database/index.js';
import { StoredFile } from './entities/stored-file.entity.js';
import { StorageFullError } from './storage.errors.js';
import { StorageSettings } from './storage.settings.js';

/** Maximum age of the cached sum: other processes add files, and the janitor removes some. */
const CACHE_TTL_MS = 1_000;
/** This close to the limit every write recounts under a lock: the cached sum lacks concurrent writes. */
const SAFETY_MARGIN_BYTES = 64 * 2 ** 20;
/** Id of the advisory lock. */
const LOCK = 7_240_327;

/** Total size of the stored files of all processes. Released files count until they are removed. */
@Injectable()
export class StorageUsage {
  private bytes = 0;
  private countedAt = -Infinity;

  constructor(private readonly settings: StorageSettings) {}

  /** Reserves bytes. Runs in the unit of work that stores them. @throws StorageFullError */
  async reserve(manager: EntityManager, bytes: number): Promise<void> {
    if (performance.now() - this.countedAt > CACHE_TTL_MS) await this.count(manager);
    if (!this.fits(this.bytes, bytes + SAFETY_MARGIN_BYTES)) {
      // Blocks all other writes of files until the transaction ends.
      await acquireTransactionLock(manager, LOCK);
      if (!this.fits(await this.count(manager), bytes)) throw new StorageFullError();
    }
    this.bytes += bytes;
  }

  private fits(used: number, bytes: number): boolean {
    return used + bytes <= this.settings.capacity;
  }

  private async count(manager: EntityManager): Promise<number> {
    this.bytes = (await manager.sum(StoredFile, 'size')) ?? 0;
    this.countedAt = performance.now();
    return this.bytes;
  }
}
