import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SOURCE_ROOT } from '../config/index.js';

/** Serves the pages' own style sheets and icon. */
export function configureHome(app: NestExpressApplication): void {
  app.useStaticAssets(fileURLToPath(new URL('home/assets', SOURCE_ROOT)), {
    prefix: '/assets',
    index: false,
    maxAge: '1h',
  });
}
