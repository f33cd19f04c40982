export { configureDocs } from './configure-docs.js';
export { DocsModule } from './docs.module.js';
export { DocsSettings } from './docs.settings.js';
export { OpenApiService } from './openapi.service.js';
