import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** Serves the pages' own style sheets and icon. */
export function configureHome(app: NestExpressApplication): void {
  app.useStaticAssets(fileURLToPath(new URL('assets', import.meta.url)), {
    prefix: '/assets',
    index: false,
    maxAge: '1h',
  });
}
