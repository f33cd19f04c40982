import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { StoredFile } from './entities/stored-file.entity.js';
import { StorageFullError } from './storage.errors.js';
import { StorageSettings } from './storage.settings.js';

/** Other processes store files too, and the janitor removes some: after so long the sum is asked for anew. */
const FRESH_MS = 1_000;

/** How much all stored files have. What has been released counts until it has been removed. */
@Injectable()
export class StorageUsage {
  private bytes = 0;
  private knownAt = -Infinity;

  constructor(private readonly settings: StorageSettings) {}

  /** Takes room for so many bytes; belongs into the unit of work that stores them. @throws StorageFullError */
  async take(manager: EntityManager, bytes: number): Promise<void> {
    const isStale = performance.now() - this.knownAt > FRESH_MS;
    if (isStale || !this.fits(bytes)) await this.count(manager);
    if (!this.fits(bytes)) throw new StorageFullError();
    this.bytes += bytes;
  }

  private fits(bytes: number): boolean {
    return this.bytes + bytes <= this.settings.capacity;
  }

  private async count(manager: EntityManager): Promise<void> {
    this.bytes = (await manager.sum(StoredFile, 'size')) ?? 0;
    this.knownAt = performance.now();
  }
}
