import { Global, Module } from '@nestjs/common';
import { ErrorPages } from './error-pages.js';

/** Error pages, to which features add the paths of their pages. */
@Global()
@Module({ providers: [ErrorPages], exports: [ErrorPages] })
export class PagesModule {}
