import { Global, Module } from '@nestjs/common';
import { Jobs } from './jobs.service.js';

/** Work that outlasts a request: rows that a runner takes up, one after the other. */
@Global()
@Module({
  providers: [Jobs],
  exports: [Jobs],
})
export class JobsModule {}
