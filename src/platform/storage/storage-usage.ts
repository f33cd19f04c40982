import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { acquireTransactionLock } from '../database/index.js';
import { StoredFile } from './entities/stored-file.entity.js';
import { StorageFullError } from './storage.errors.js';
import { StorageSettings } from './storage.settings.js';

/** Other processes store files too, and the janitor removes some: after so long the sum is asked for anew. */
const FRESH_MS = 1_000;
/** So close to the limit it is counted anew for each part: what others are about to store is in no sum yet. */
const NEAR_BYTES = 64 * 2 ** 20;
const LOCK = 7_240_327;

/** How much all stored files have, in all processes. What has been released counts until it has been removed. */
@Injectable()
export class StorageUsage {
  private bytes = 0;
  private knownAt = -Infinity;

  constructor(private readonly settings: StorageSettings) {}

  /** Takes room for so many bytes; belongs into the unit of work that stores them. @throws StorageFullError */
  async take(manager: EntityManager, bytes: number): Promise<void> {
    if (performance.now() - this.knownAt > FRESH_MS) await this.count(manager);
    if (!this.fits(this.bytes, bytes + NEAR_BYTES)) {
      // From here on nobody else stores anything until the transaction ends.
      await acquireTransactionLock(manager, LOCK);
      if (!this.fits(await this.count(manager), bytes)) throw new StorageFullError();
    }
    this.bytes += bytes;
  }

  private fits(known: number, bytes: number): boolean {
    return known + bytes <= this.settings.capacity;
  }

  private async count(manager: EntityManager): Promise<number> {
    this.bytes = (await manager.sum(StoredFile, 'size')) ?? 0;
    this.knownAt = performance.now();
    return this.bytes;
  }
}
