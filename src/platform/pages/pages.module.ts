import { Global, Module } from '@nestjs/common';
import { ErrorPages } from './error-pages.js';

/** What rooms need to show pages. */
@Global()
@Module({ providers: [ErrorPages], exports: [ErrorPages] })
export class PagesModule {}
