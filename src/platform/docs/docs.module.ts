import { Global, Module } from '@nestjs/common';
import { SettingsModule } from '../config/index.js';
import { DocsSettings } from './docs.settings.js';
import { OpenApi } from './openapi.service.js';

const settings = SettingsModule.forFeature(DocsSettings);

@Global()
@Module({
  imports: [settings],
  providers: [OpenApi],
  exports: [OpenApi, settings],
})
export class DocsModule {}
