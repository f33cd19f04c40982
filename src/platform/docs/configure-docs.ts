import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type Request, type Response } from 'express';
import { DocsSettings } from './docs.settings.js';
import { OpenApiService } from './openapi.service.js';
import { SWAGGER_PAGE, SWAGGER_START } from './swagger-page.js';

const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const ONE_DAY_MS = 86_400_000;

/** Serves the OpenAPI document and Swagger UI, without third-party hosts and inline scripts. */
export function configureDocs(app: NestExpressApplication): void {
  const openApi = app.get(OpenApiService);
  openApi.attach(app);
  if (!app.get(DocsSettings).isServed) return;

  const routes = app.getHttpAdapter().getInstance();
  routes.get('/openapi.json', (request: Request, response: Response) => {
    const { json, etag } = openApi.render();
    response.set({ 'Cache-Control': 'no-cache', ETag: etag });
    if (request.fresh) response.status(304).end();
    else response.type('application/json').send(json);
  });
  routes.get('/docs', (_: Request, response: Response) => {
    response.type('html').send(SWAGGER_PAGE);
  });
  routes.get('/docs/start.js', (_: Request, response: Response) => {
    response.type('text/javascript').send(SWAGGER_START);
  });
  const assets = express.static(SWAGGER_UI, {
    index: false,
    redirect: false,
    maxAge: ONE_DAY_MS,
    // Removes `no-store`, which all other responses have, so that `maxAge` applies.
    setHeaders: (response: Response) => response.removeHeader('Cache-Control'),
  });
  app.use('/docs/assets', assets);
}
