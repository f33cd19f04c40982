import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SettingsModule } from '../platform/config/index.js';
import { ImageDecoder } from './images/image-decoder.js';
import { ModelDefault } from './repository/entities/model-default.entity.js';
import { ModelDefaultsRepository } from './repository/model-defaults.repository.js';
import { ModelLoader } from './repository/model-loader.js';
import { ModelStore } from './repository/model-store.js';
import { ServingSettings } from './serving.settings.js';
import { ServingMetrics } from './stats/serving-metrics.js';

const settings = SettingsModule.forFeature(ServingSettings);

/** The engine: the models in MODELS_DIR, each in a process of its own. */
@Module({
  imports: [settings, TypeOrmModule.forFeature([ModelDefault])],
  providers: [ImageDecoder, ModelDefaultsRepository, ModelLoader, ModelStore, ServingMetrics],
  exports: [settings, ImageDecoder, ModelStore],
})
export class ServingModule {}
