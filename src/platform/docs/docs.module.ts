import { Global, Module } from '@nestjs/common';
import { SettingsModule } from '../config/index.js';
import { DocsSettings } from './docs.settings.js';
import { OpenApiService } from './openapi.service.js';

const settings = SettingsModule.forFeature(DocsSettings);

@Global()
@Module({
  imports: [settings],
  providers: [OpenApiService],
  exports: [OpenApiService, settings],
})
export class DocsModule {}
