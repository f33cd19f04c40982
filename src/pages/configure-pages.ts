import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Response } from 'express';
import { SOURCE_ROOT } from '../config/index.js';

/** Serves the pages' own style sheets and icon. */
export function configurePages(app: NestExpressApplication): void {
  app.useStaticAssets(fileURLToPath(new URL('pages/assets', SOURCE_ROOT)), {
    prefix: '/assets',
    index: false,
    redirect: false,
    maxAge: '1h',
    // Kept for as long as that says: nothing personal is in them.
    setHeaders: (response: Response) => response.removeHeader('Cache-Control'),
  });
}
