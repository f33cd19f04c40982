import type { Env } from '../config/index.js';

const MEGABYTE = 2 ** 20;

export class StorageSettings {
  /** Maximum total size of all stored files, in bytes. */
  readonly capacity: number;

  constructor(env: Env) {
    const rule = { default: 10_240, min: 0.001, max: 1e9 };
    this.capacity = Math.floor(env.decimal('STORAGE_LIMIT_MB', rule) * MEGABYTE);
  }
}
