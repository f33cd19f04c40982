import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Response } from 'express';
import { SOURCE_ROOT } from '../config/index.js';

/** Serves the style sheets, scripts and icon of the pages under `/assets`. */
export function configurePages(app: NestExpressApplication): void {
  app.useStaticAssets(fileURLToPath(new URL('platform/pages/assets', SOURCE_ROOT)), {
    prefix: '/assets',
    index: false,
    redirect: false,
    // Revalidated each time, by ETag: a page must not run with the script of an older release.
    maxAge: 0,
    setHeaders: (response: Response) => response.removeHeader('Cache-Control'),
  });
}
