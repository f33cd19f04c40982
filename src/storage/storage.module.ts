import { Global, Module } from '@nestjs/common';
import { FileStore } from './file-store.js';

/** Files that are too large to keep in memory: uploads, and results of jobs. */
@Global()
@Module({
  providers: [FileStore],
  exports: [FileStore],
})
export class StorageModule {}
