import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SettingsModule } from '../config/index.js';
import { StoredChunk } from './entities/stored-chunk.entity.js';
import { StoredFile } from './entities/stored-file.entity.js';
import { FileStore } from './file-store.js';
import { StorageJanitor } from './storage-janitor.js';
import { StorageSettings } from './storage.settings.js';
import { StorageUsage } from './storage-usage.js';

/** Stores files that are too large for memory: uploads and results of jobs. */
@Global()
@Module({
  imports: [SettingsModule.forFeature(StorageSettings), TypeOrmModule.forFeature([StoredChunk, StoredFile])],
  providers: [FileStore, StorageJanitor, StorageUsage],
  exports: [FileStore],
})
export class StorageModule {}
