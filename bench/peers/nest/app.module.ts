import { Module } from '@nestjs/common';
import { PredictController } from './predict.controller.js';
import { PredictService } from './predict.service.js';

@Module({ controllers: [PredictController], providers: [PredictService] })
export class AppModule {}
