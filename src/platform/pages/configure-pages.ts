import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Response } from 'express';
import { SOURCE_ROOT } from '../config/index.js';

/** Serves the pages' own style sheets, scripts and icon. */
export function configurePages(app: NestExpressApplication): void {
  app.useStaticAssets(fileURLToPath(new URL('platform/pages/assets', SOURCE_ROOT)), {
    prefix: '/assets',
    index: false,
    redirect: false,
    // Asked for again each time, which their ETag makes cheap: pages and their scripts change together.
    maxAge: 0,
    setHeaders: (response: Response) => response.removeHeader('Cache-Control'),
  });
}
